// SPDX-License-Identifier: Apache-2.0
// writer: at most one sync is under way; what is written meanwhile belongs to the next one.
//
// Invariant: the journal holds every record until a sync that began after it was written has
// succeeded. A failed sync may have dropped what it was to write, so it is written again.
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
#define END_BYTES    512 // of a record, mostly

struct writer {
    struct journal *journal;
    struct logs *logs;
    struct pool *pool; // one thread
    unsigned unsynced; // records since the last sync began
    int64_t first_us;  // when the first of them was written
    int waits;         // something could not be written: what follows waits behind it
    size_t failed;     // records of the last sync, which failed; until one succeeds
    // of the sync under way
    int syncing;
    size_t covered;   // bytes of the journal
    unsigned records; // new ones
    int journal_fd, pack_fd;
    int errnum;
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

static int flush(struct writer *writer, struct err *err)
{
    writer->waits = journal_flush(writer->journal, err) < 0;
    return writer->waits ? -1 : 0;
}

int writer_add(struct writer *writer, const struct record *record, struct err *err)
{
    if (journal_hold(writer->journal, record, err) < 0)
        return -1;
    if (!writer->unsynced++)
        writer->first_us = clock_boot_us();
    return writer->waits ? 0 : flush(writer, err);
}

int writer_reserve(struct writer *writer, unsigned tasks, struct err *err)
{
    return journal_reserve(writer->journal, (size_t)(tasks + 1) * END_BYTES, err);
}

int writer_fd(const struct writer *writer)
{
    return pool_fd(writer->pool);
}

int writer_wait_ms(const struct writer *writer)
{
    if (!writer->unsynced || writer->syncing || writer->waits || writer->failed)
        return -1;
    int64_t left = writer->first_us + SYNC_US - clock_boot_us();
    return left > 0 && writer->unsynced < SYNC_RECORDS ? (int)(left / 1000) + 1 : 0;
}

// In the writer's thread.
static void sync_files(void *context)
{
    struct writer *writer = context;
    if ((writer->pack_fd >= 0 && fdatasync(writer->pack_fd) < 0) ||
        fdatasync(writer->journal_fd) < 0)
        writer->errnum = errno;
}

static void sync_prepare(struct writer *writer)
{
    writer->covered = journal_written(writer->journal);
    writer->journal_fd = journal_fd(writer->journal);
    writer->pack_fd = logs_pack(writer->logs);
    writer->records = writer->unsynced;
    writer->unsynced = 0;
    writer->errnum = 0;
}

static void sync_ended(void *context)
{
    struct writer *writer = context;
    writer->syncing = 0;
    if (writer->errnum) {
        writer->failed += writer->records ? writer->records : 1;
        journal_unsynced(writer->journal);
    } else {
        writer->failed = 0;
        journal_synced(writer->journal, writer->covered);
    }
}

static int report(struct writer *writer, struct err *err)
{
    int errnum = writer->errnum;
    writer->errnum = 0;
    return errnum ? err_errno(err, ERR_SYSTEM, errnum, _("cannot write '%s'"), "journal") : 0;
}

static void begin_sync(struct writer *writer)
{
    sync_prepare(writer);
    writer->syncing = 1;
    pool_add(writer->pool, sync_files, sync_ended, writer);
}

int writer_tend(struct writer *writer, struct err *err)
{
    pool_reap(writer->pool);
    if (!writer->syncing && report(writer, err) < 0)
        return -1;
    if (writer_wait_ms(writer) == 0)
        begin_sync(writer);
    return 0;
}

size_t writer_waiting(const struct writer *writer)
{
    size_t waiting = writer->waits ? journal_waiting(writer->journal) : 0;
    return waiting > writer->failed ? waiting : writer->failed;
}

int writer_retry(struct writer *writer, struct err *err)
{
    if (writer->syncing)
        return 0;
    if (flush(writer, err) < 0)
        return -1;
    if (writer->failed)
        begin_sync(writer);
    return 0;
}

int writer_sync(struct writer *writer, struct err *err)
{
    pool_drain(writer->pool);
    if (flush(writer, err) < 0)
        return -1;
    sync_prepare(writer);
    sync_files(writer);
    sync_ended(writer);
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
