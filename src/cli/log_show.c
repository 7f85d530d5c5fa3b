// SPDX-License-Identifier: Apache-2.0
// log_show: logs may be larger than memory, so no more than a block of them is ever held.
#include "cli/log_show.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "map/logs.h"

enum { BLOCK = 1 << 16 };

static void add_header(struct log_show *show, uint32_t index, struct str *text)
{
    const struct term *out = &show->cli->out;
    if (show->above)
        str_add_char(text, '\n');
    term_style(out, text, "1");
    str_print(text, "==> %u ", show->saved->datasets.item[index].number);
    summary_add_name(text, &show->saved->datasets, index);
    str_add(text, " <==");
    term_style(out, text, "0");
    str_add_char(text, '\n');
}

static int write_out(struct log_show *show, const void *bytes, size_t size, struct err *err)
{
    if (show->gone || fs_write_all(show->cli->out.fd, bytes, size) == 0)
        return 0;
    show->gone = errno == EPIPE;
    return show->gone ? 0
                      : err_errno(err, ERR_SYSTEM, errno, _("cannot write to standard output"));
}

int log_show_bytes(struct log_show *show, uint32_t index, const void *bytes, size_t size,
                   struct err *err)
{
    uint32_t number = show->saved->datasets.item[index].number;
    if (!size)
        return 0;
    if (show->headers && show->above != number) {
        CLEANUP_STR struct str header = {0};
        add_header(show, index, &header);
        if (write_out(show, header.text, header.size, err) < 0)
            return -1;
    }
    show->above = number;
    show->size += (int64_t)size;
    return write_out(show, bytes, size, err);
}

// `size` bytes from `at`, or all there are if it is negative. Returns how many were missing, or
// -1.
static int64_t show_file(struct log_show *show, uint32_t index, int fd, int64_t at,
                         int64_t size, struct err *err)
{
    char block[BLOCK];
    while (size != 0 && !show->gone) {
        size_t want = size < 0 || size > BLOCK ? BLOCK : (size_t)size;
        ssize_t got = pread(fd, block, want, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), "log");
        if (got == 0)
            return size < 0 ? 0 : size;
        if (log_show_bytes(show, index, block, (size_t)got, err) < 0)
            return -1;
        at += got;
        size -= size < 0 ? 0 : got;
    }
    return 0;
}

static int open_kept(const struct saved *saved, uint32_t index, struct str *ret_name)
{
    const struct dataset *dataset = &saved->datasets.item[index];
    const struct outcome *outcome = &saved->state.outcome[index];
    if (outcome->log_at >= 0)
        logs_pack_name(outcome->parcel, outcome->restart, ret_name);
    else
        logs_name(dataset->key, dataset->text, ret_name);
    return openat(saved->folder.fd, ret_name->text, O_RDONLY | O_CLOEXEC);
}

int log_show_ended(struct log_show *show, uint32_t index, int64_t from, struct err *err)
{
    const struct outcome *outcome = &show->saved->state.outcome[index];
    if (outcome->log_size <= from)
        return 0;
    CLEANUP_STR struct str name = {0};
    CLEANUP_CLOSE int fd = open_kept(show->saved, index, &name);
    int64_t at = (outcome->log_at > 0 ? outcome->log_at : 0) + from;
    int64_t missing = outcome->log_size - from;
    if (fd >= 0)
        missing = show_file(show, index, fd, at, missing, err);
    if (missing > 0 && !show->err.code)
        err_set(&show->err, ERR_RUN_DAMAGED,
                _("what dataset %u printed is lost: '%s' of the run ends too early or is not "
                  "there"),
                show->saved->datasets.item[index].number, name.text);
    return missing < 0 ? -1 : 0;
}

int log_show_spool(const struct saved *saved, unsigned parcel, unsigned restart, unsigned slot)
{
    CLEANUP_STR struct str name = {0};
    logs_spool_name(parcel, restart, slot, &name);
    return openat(saved->folder.fd, name.text, O_RDONLY | O_CLOEXEC);
}

// Behind a task that has left its slot and waits for its output to be published there may be
// the next one already.
static int has_slot(const struct state *state, const struct outcome *outcome)
{
    for (size_t i = 0; i < state->count; i++) {
        const struct outcome *other = &state->outcome[i];
        if (other->attempt && other->slot == outcome->slot &&
            other->parcel == outcome->parcel && other->restart == outcome->restart &&
            other->start_us > outcome->start_us)
            return 0;
    }
    return 1;
}

int log_show_begun(struct log_show *show, uint32_t index, struct err *err)
{
    const struct outcome *outcome = &show->saved->state.outcome[index];
    CLEANUP_CLOSE int fd =
        log_show_spool(show->saved, outcome->parcel, outcome->restart, outcome->slot);
    if (fd < 0 || !has_slot(&show->saved->state, outcome))
        return 0;
    return show_file(show, index, fd, 0, -1, err) < 0 ? -1 : 0;
}
