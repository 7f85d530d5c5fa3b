// SPDX-License-Identifier: Apache-2.0
// journal_tail: a file's offset is behind the last whole line that was read.
#include "run/journal_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"

#define ROOM ((size_t)1 << 19) // more than any line

struct journal_tail {
    int run_dir;
    unsigned parcel, restart;
    int fd; // of journal.PARCEL-RESTART, read up to `at`; -1: not there yet
    int64_t at;
    char *text; // ROOM bytes
    struct str scratch;
};

struct journal_tail *journal_tail_new(int run_dir, unsigned parcel)
{
    struct journal_tail *tail = mem_zero(1, sizeof *tail);
    tail->run_dir = run_dir;
    tail->parcel = parcel;
    tail->fd = -1;
    tail->text = mem_alloc(ROOM);
    return tail;
}

void journal_tail_free(struct journal_tail *tail)
{
    if (!tail)
        return;
    mem_close_at(&tail->fd);
    free(tail->text);
    str_free(&tail->scratch);
    free(tail);
}

static int take_line(struct journal_tail *tail, const char *line, size_t size,
                     journal_each *each, void *context)
{
    struct record record;
    if (record_parse(line, size, &record, &tail->scratch) != 0)
        return 0;
    return each(context, &record, tail->parcel, tail->restart);
}

int journal_tail_go_on(struct journal_tail *tail, journal_each *each, void *context,
                       struct err *err)
{
    while (tail->fd >= 0) {
        ssize_t got = pread(tail->fd, tail->text, ROOM, tail->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), "journal");
        const char *line = tail->text, *end = tail->text + got, *newline;
        while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
            size_t size = (size_t)(newline - line);
            tail->at += (int64_t)size + 1;
            int result = take_line(tail, line, size, each, context);
            if (result)
                return result;
            line = newline + 1;
        }
        if ((size_t)got == ROOM && line == tail->text)
            tail->at += got; // damage: no line is so long
        else if (line == tail->text)
            return 0;
    }
    return 0;
}

int journal_tail_read(struct journal_tail *tail, journal_each *each, void *context,
                      struct err *err)
{
    unsigned next = journal_next_restart(tail->run_dir, tail->parcel);
    int result = journal_tail_go_on(tail, each, context, err);
    if (result || !next || (tail->fd >= 0 && next - 1 == tail->restart))
        return result;
    char name[64];
    snprintf(name, sizeof name, "journal.%u-%u", tail->parcel, next - 1);
    mem_close_at(&tail->fd);
    tail->fd = openat(tail->run_dir, name, O_RDONLY | O_CLOEXEC);
    tail->restart = next - 1;
    tail->at = 0;
    return journal_tail_go_on(tail, each, context, err);
}
