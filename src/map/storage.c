// SPDX-License-Identifier: Apache-2.0
// storage: records wait in the writer, endings of tasks in ending.c; here is when they are tried
// again. Invariant: what waits is given up only if nothing runs whose end would be lost too.
#include "map/storage.h"

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "map/ending.h"
#include "map/queue.h"
#include "map/task.h"

#define FIRST_US    50000 // what fails once may be all right at once
#define RETRY_US    1000000
#define ROOM_BYTES  16384
#define PATIENCE_US 30000000 // a person who looks has had time to make room

static size_t waiting(const struct workshop *workshop)
{
    return writer_waiting(workshop->writer) + workshop->endings_waiting;
}

static void tell(const struct workshop *workshop, enum event_kind kind)
{
    const struct event event = {
        .kind = kind, .err = &workshop->storage.err, .waiting = waiting(workshop)};
    task_tell(workshop, &event);
}

int storage_failed(struct workshop *workshop, const struct err *err)
{
    struct storage *storage = &workshop->storage;
    int64_t now = clock_boot_us();
    int is_new = !storage->since_us;
    if (!err_may_pass(err)) {
        if (!workshop->err.code)
            workshop->err = *err;
        return 0;
    }
    storage->err = *err;
    storage->probing = storage->begun = 0;
    if (is_new) {
        storage->since_us = storage->idle_us = now;
        storage->retry_us = now + FIRST_US;
        tell(workshop, EVENT_STORAGE);
    }
    return 1;
}

int storage_is_full(struct workshop *workshop, uint32_t index, struct err *err)
{
    const struct run *run = workshop->run;
    int run_dir = run->folder->fd;
    CLEANUP_FREE char *out = run->goal ? fs_folder(run->goal[index]) : NULL;
    if (!fs_has_room(run_dir, ".", ROOM_BYTES))
        err_errno(err, ERR_SYSTEM, errno, _("cannot write in '%s'"), run->folder->path);
    else if (out && !fs_has_room(AT_FDCWD, out, ROOM_BYTES))
        err_errno(err, ERR_SYSTEM, errno, _("cannot write in '%s'"), out);
    else
        return 0;
    storage_failed(workshop, err);
    return 1;
}

int storage_holds(const struct workshop *workshop)
{
    const struct storage *storage = &workshop->storage;
    return storage->since_us && (!storage->probing || waiting(workshop));
}

void storage_begun(struct workshop *workshop)
{
    workshop->storage.begun = 1;
}

int storage_pending(const struct workshop *workshop)
{
    return workshop->storage.since_us && !workshop->err.code;
}

static void try_again(struct workshop *workshop, int last)
{
    struct err err = {0};
    workshop->storage.probing = 1;
    int written =
        last ? writer_sync(workshop->writer, &err) : writer_retry(workshop->writer, &err);
    if (written < 0)
        storage_failed(workshop, &err);
    ending_retry(workshop);
}

int64_t storage_tend(struct workshop *workshop, int stopping, int64_t now)
{
    struct storage *storage = &workshop->storage;
    if (!storage->since_us || workshop->err.code)
        return INT64_MAX;
    int idle = !workshop->running && !workshop->publishing;
    if (!idle)
        storage->idle_us = now;
    int last = idle && (stopping || now - storage->idle_us >= PATIENCE_US);
    if (last && storage->last) {
        workshop->err = storage->err;
        ending_give_up(workshop);
        return INT64_MAX;
    }
    if (last || now >= storage->retry_us) {
        storage->retry_us = now + RETRY_US;
        storage->last = last;
        try_again(workshop, last);
    }
    // who stops it now finds work left because of the disk
    int more = queue_count(workshop->queue) > 0;
    if (storage->probing && !waiting(workshop) && (storage->begun || !more)) {
        tell(workshop, EVENT_STORAGE_OVER);
        *storage = (struct storage){0};
        return INT64_MAX;
    }
    return last ? now : storage->retry_us;
}
