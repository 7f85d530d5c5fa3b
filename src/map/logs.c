// SPDX-License-Identifier: Apache-2.0
// logs: spools of slots, files of tasks, the pack of a parcel. What is lost by a crash is at
// most the output of running tasks' last attempts, which stays in the spools.
#include "map/logs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"

struct logs {
    int run_dir, pack; // pack -1: a file a task
    unsigned parcel, restart, slots;
    int packed;
    int64_t pack_size;
    int *spool; // by slot - 1; -1: not open
};

void logs_spool_name(unsigned parcel, unsigned restart, unsigned slot, struct str *into)
{
    str_print(into, "logs/%u-%u.%u", parcel, restart, slot);
}

void logs_pack_name(unsigned parcel, unsigned restart, struct str *into)
{
    str_print(into, "log.%u-%u", parcel, restart);
}

void logs_name(uint64_t key, const char *text, struct str *into)
{
    str_print(into, "logs/%016" PRIx64 "-", key);
    const char *base = fs_base(text);
    for (size_t i = 0; base[i] && i < 80; i++)
        str_add_char(into, isalnum((unsigned char)base[i]) || strchr("._-+=", base[i]) ? base[i]
                                                                                       : '_');
    str_add(into, ".log");
}

struct logs *logs_new(int run_dir, unsigned parcel, unsigned restart, unsigned slots,
                      int packed)
{
    struct logs *logs = mem_alloc(sizeof *logs);
    *logs = (struct logs){.run_dir = run_dir,
                          .pack = -1,
                          .parcel = parcel,
                          .restart = restart,
                          .slots = slots,
                          .packed = packed,
                          .spool = mem_alloc(slots * sizeof(int))};
    for (unsigned i = 0; i < slots; i++)
        logs->spool[i] = -1;
    return logs;
}

// Who cleaned up the logs may have taken their folder as well.
static int open_spool(const struct logs *logs, const char *name)
{
    // O_APPEND: what is cut to nothing between two tasks begins at its start again
    const int flags = O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC;
    int fd = openat(logs->run_dir, name, flags, 0600);
    if (fd < 0 && errno == ENOENT && mkdirat(logs->run_dir, "logs", 0700) == 0)
        fd = openat(logs->run_dir, name, flags, 0600);
    return fd;
}

int logs_spool(struct logs *logs, unsigned slot, struct err *err)
{
    int *spool = &logs->spool[slot - 1];
    if (*spool >= 0)
        return *spool;
    CLEANUP_STR struct str name = {0};
    logs_spool_name(logs->parcel, logs->restart, slot, &name);
    *spool = open_spool(logs, name.text);
    if (*spool < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), name.text);
    return *spool;
}

void logs_tail_fd(int fd, size_t size, struct str *into)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    size_t length = (uint64_t)st.st_size < size ? (size_t)st.st_size : size;
    mem_room(&into->text, &into->room, into->size + length + 1, 1);
    ssize_t got = pread(fd, into->text + into->size, length, st.st_size - (off_t)length);
    into->size += got > 0 ? (size_t)got : 0;
    into->text[into->size] = '\0';
}

void logs_tail(struct logs *logs, unsigned slot, size_t size, struct str *into)
{
    if (logs->spool[slot - 1] >= 0)
        logs_tail_fd(logs->spool[slot - 1], size, into);
}

static int to_file(struct logs *logs, unsigned slot, uint64_t key, const char *text,
                   struct err *err)
{
    CLEANUP_STR struct str spool = {0};
    CLEANUP_STR struct str name = {0};
    logs_spool_name(logs->parcel, logs->restart, slot, &spool);
    logs_name(key, text, &name);
    if (renameat(logs->run_dir, spool.text, logs->run_dir, name.text) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), name.text);
    close(logs->spool[slot - 1]);
    logs->spool[slot - 1] = -1;
    return 0;
}

// The pack is made when there is something to keep: then the journal of this parcel and restart
// is ours, so that no other writer's pack is emptied.
static int open_pack(struct logs *logs, struct err *err)
{
    CLEANUP_STR struct str name = {0};
    if (logs->pack >= 0)
        return 0;
    logs_pack_name(logs->parcel, logs->restart, &name);
    logs->pack =
        openat(logs->run_dir, name.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return logs->pack < 0 ? err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), name.text)
                          : 0;
}

static int to_pack(struct logs *logs, unsigned slot, int64_t size, struct err *err)
{
    int spool = logs->spool[slot - 1];
    if (open_pack(logs, err) < 0)
        return -1;
    char block[65536];
    for (int64_t at = 0; at < size;) {
        ssize_t got = pread(spool, block, sizeof block, at);
        if (got == 0)
            break;
        if (got < 0 || fs_write_all(logs->pack, block, (size_t)got) < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), "log");
        at += got;
        logs->pack_size += got;
    }
    return ftruncate(spool, 0) < 0
               ? err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), "log")
               : 0;
}

// Of a log that does not fit nothing counts, so that those after it are where their records
// say. It stays in the spool.
static void take_back(struct logs *logs, int64_t size)
{
    if (ftruncate(logs->pack, size) == 0 && lseek(logs->pack, size, SEEK_SET) == size)
        logs->pack_size = size;
}

int logs_keep(struct logs *logs, unsigned slot, uint64_t key, const char *text, int64_t *ret_at,
              int64_t *ret_size, struct err *err)
{
    struct stat st;
    *ret_at = -1;
    *ret_size = 0;
    if (logs->spool[slot - 1] < 0)
        return 0;
    if (fstat(logs->spool[slot - 1], &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), "log");
    if (st.st_size == 0)
        return 0;
    int64_t at = logs->pack_size;
    int result = logs->packed ? to_pack(logs, slot, st.st_size, err)
                              : to_file(logs, slot, key, text, err);
    if (result < 0) {
        if (logs->pack >= 0)
            take_back(logs, at);
        return -1;
    }
    *ret_size = st.st_size;
    *ret_at = logs->packed ? at : -1;
    return 0;
}

int logs_pack(const struct logs *logs)
{
    return logs->pack;
}

void logs_free(struct logs *logs)
{
    if (!logs)
        return;
    for (unsigned slot = 1; slot <= logs->slots; slot++) {
        if (logs->spool[slot - 1] < 0)
            continue;
        CLEANUP_STR struct str name = {0};
        struct stat st;
        logs_spool_name(logs->parcel, logs->restart, slot, &name);
        if (fstat(logs->spool[slot - 1], &st) == 0 && st.st_size == 0)
            unlinkat(logs->run_dir, name.text, 0);
        close(logs->spool[slot - 1]);
    }
    if (logs->pack >= 0)
        close(logs->pack);
    free(logs->spool);
    free(logs);
}
