// SPDX-License-Identifier: Apache-2.0
// writer: at most one sync is under way; what is written meanwhile belongs to the next one.
#include "map/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/pool.h"

#define SYNC_US      50000
#define SYNC_RECORDS 64

struct writer {
    struct journal *journal;
    struct logs *logs;
    struct pool *pool; // one thread
    unsigned unsynced; // records since the last sync began
    int64_t first_us;  // when the first of them was written
    int syncing;
    int errnum; // of a sync that failed, until it is reported
};

struct writer *writer_new(int run_dir, unsigned parcel, unsigned restart, struct logs *logs,
                          struct err *err)
{
    struct writer *writer = mem_zero(1, sizeof *writer);
    writer->logs = logs;
    writer->journal = journal_new(run_dir, parcel, restart, err);
    writer->pool = writer->journal ? pool_new(1, err) : NULL;
    if (!writer->pool) {
        writer_free(writer);
        return NULL;
    }
    return writer;
}

int writer_add(struct writer *writer, const struct record *record, struct err *err)
{
    if (!writer->unsynced++)
        writer->first_us = clock_boot_us();
    return journal_write(writer->journal, record, err);
}

int writer_fd(const struct writer *writer)
{
    return pool_fd(writer->pool);
}

int writer_wait_ms(const struct writer *writer)
{
    if (!writer->unsynced || writer->syncing)
        return -1;
    int64_t left = writer->first_us + SYNC_US - clock_boot_us();
    return left > 0 && writer->unsynced < SYNC_RECORDS ? (int)(left / 1000) + 1 : 0;
}

// In the writer's thread.
static void sync_files(void *context)
{
    struct writer *writer = context;
    if (logs_sync(writer->logs) < 0 || fdatasync(journal_fd(writer->journal)) < 0)
        writer->errnum = errno;
}

static void sync_ended(void *context)
{
    struct writer *writer = context;
    writer->syncing = 0;
}

static int report(struct writer *writer, struct err *err)
{
    int errnum = writer->errnum;
    writer->errnum = 0;
    return errnum ? err_errno(err, ERR_SYSTEM, errnum, _("cannot write '%s'"), "journal") : 0;
}

int writer_tend(struct writer *writer, struct err *err)
{
    pool_reap(writer->pool);
    if (!writer->syncing && report(writer, err) < 0)
        return -1;
    if (writer_wait_ms(writer) == 0) {
        writer->unsynced = 0;
        writer->syncing = 1;
        pool_add(writer->pool, sync_files, sync_ended, writer);
    }
    return 0;
}

int writer_sync(struct writer *writer, struct err *err)
{
    pool_drain(writer->pool);
    writer->unsynced = 0;
    sync_files(writer);
    return report(writer, err);
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    pool_free(writer->pool);
    journal_free(writer->journal);
    free(writer);
}
