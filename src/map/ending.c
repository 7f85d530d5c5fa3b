// SPDX-License-Identifier: Apache-2.0
// ending: log, output, record, in this order; what a full disk holds up goes on from the step
// that failed.
#include "map/ending.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "map/again.h"
#include "map/strict.h"
#include "run/owner.h"

// Puts an end behind those that wait for the disk.
static void put_off(struct ending *ending)
{
    struct workshop *workshop = ending->workshop;
    struct ending **last = &workshop->waiting;
    while (*last)
        last = &(*last)->next;
    *last = ending;
    ending->next = NULL;
    workshop->endings_waiting += !ending->waited;
    ending->waited = 1;
}

void ending_fail(struct ending *ending)
{
    ending->record.state = TASK_FAILED;
    ending->record.cause = err_name(ending->failure.code);
    ending->record.detail = ending->failure.detail;
}

static void count_end(struct workshop *workshop, const struct record *record)
{
    workshop->done += record->state == TASK_DONE;
    workshop->failed += record->state == TASK_FAILED;
    workshop->stopped += record->state == TASK_STOPPED;
    workshop->continued += record->state == TASK_AGAIN && record->code == EXIT_AGAIN;
    workshop->cpu_us += record->user_us + record->system_us;
    if (record->state == TASK_DONE)
        fit_add(&workshop->fit, record->data_size > 0 ? (double)record->data_size : 0,
                (double)record->duration_us / 1e6);
    workshop->halted |= limit_halts(&workshop->halt, workshop->done, workshop->failed,
                                    workshop->run->datasets->count);
}

// A failed one with retries left runs again. What ended well and once costs no memory here.
static void try_again(struct ending *ending)
{
    struct workshop *workshop = ending->workshop;
    struct record *record = &ending->record;
    const struct spec *spec = workshop->run->spec;
    if (record->state == TASK_AGAIN || (record->state == TASK_FAILED && spec->retries)) {
        struct tried *tried = queue_tried(workshop->queue, ending->index);
        tried->attempts++;
        if (record->state == TASK_FAILED && record->code != EXIT_AGAIN &&
            again_retry(spec, tried, ending->failure.code))
            record->state = TASK_AGAIN;
    }
}

// What was begun for nothing: its folder has the name of this start of this parcel, and goes with it. Of a
// run without parcels the next start has the same one.
static void drop_lost(const struct ending *ending)
{
    if (ending->temporary && ending->workshop->run->share)
        output_drop(ending->temporary);
}

void ending_finish(struct ending *ending)
{
    struct workshop *workshop = ending->workshop;
    struct record *record = &ending->record;
    struct err err = {0};
    record->wall_us = clock_wall_us();
    record->boot_us = clock_boot_us();
    if (workshop->lost) {
        record->state = TASK_STOPPED;
        drop_lost(ending);
    } else {
        try_again(ending);
    }
    workshop->endings_waiting -= ending->waited;
    if (!workshop->lost && writer_add(workshop->writer, record, &err) < 0)
        storage_failed(workshop, &err);
    count_end(workshop, record);
    if (record->state == TASK_AGAIN)
        queue_put(workshop->queue, ending->index);
    const struct event event = {
        .kind = EVENT_END, .dataset = ending->dataset, .record = record};
    task_tell(workshop, &event);
    free(ending->temporary);
    free(ending);
}

// Its dataset's content is to be known, and is not.
static int hashes(const struct ending *ending)
{
    const struct record *record = &ending->record;
    return ending->workshop->run->spec->strict && record->state == TASK_DONE &&
           record->data_size >= 0 && !record->data_hash;
}

// Who took the run, or the dataset, from us may be writing there.
static int is_ours(struct ending *ending)
{
    const struct run *run = ending->workshop->run;
    if (run->share)
        return run->share->hold(run->share->context, ending->index, &ending->err) == 0;
    return clock_boot_us() - ending->held_us < HOLD_US ||
           owner_touch(run->folder->fd, getpid(), &ending->err) == 0;
}

// In a thread of the pool.
static void publish(void *context)
{
    struct ending *ending = context;
    struct record *record = &ending->record;
    const struct workshop *workshop = ending->workshop;
    int saved = record->state == TASK_AGAIN && record->code == EXIT_AGAIN;
    if (hashes(ending))
        record->data_hash = strict_hash(ending->dataset, workshop->folder, record->data_size,
                                        record->data_mtime);
    if (!ending->temporary)
        return;
    if (!is_ours(ending)) {
        ending->result = OUTPUT_REFUSED;
        return;
    }
    if (saved)
        return; // for the attempt to come
    if (record->state != TASK_DONE) {
        output_drop(ending->temporary);
        return;
    }
    ending->result = output_publish(ending->temporary, ending->goal, &record->output_size,
                                    &record->output_mtime, &record->output_inode, &ending->err);
    if (ending->result == OUTPUT_PUBLISHED)
        record->output = ending->goal;
}

// Not the script's failure: it runs again, now or when it is resumed.
static void blame_storage(struct ending *ending, enum task_state state)
{
    storage_failed(ending->workshop, &ending->err);
    ending->record.state = state;
    ending->record.cause = err_name(ending->err.code);
    ending->record.detail = ending->err.text;
}

static void published(void *context)
{
    struct ending *ending = context;
    struct workshop *workshop = ending->workshop;
    workshop->publishing--;
    if (ending->result == OUTPUT_WAITS) {
        put_off(ending);
        storage_failed(workshop, &ending->err);
        return;
    }
    if (ending->result == OUTPUT_LOST) {
        blame_storage(ending, TASK_AGAIN);
    } else if (ending->err.code == ERR_NO_OUTPUT) {
        failure_no_output(ending->goal, &ending->failure);
        ending_fail(ending);
    } else if (ending->err.code == ERR_RUN_BUSY) {
        task_lose(workshop, &ending->err);
    } else if (ending->err.code) {
        blame_storage(ending, TASK_STOPPED);
    }
    ending_finish(ending);
}

void ending_go_on(struct ending *ending)
{
    struct workshop *workshop = ending->workshop;
    struct record *record = &ending->record;
    const struct dataset *dataset = ending->dataset;
    struct err err = {0};
    if (!workshop->lost && !ending->log_is_kept &&
        logs_keep(workshop->logs, record->slot, dataset->key, dataset->text, &record->log_at,
                  &record->log_size, &err) < 0) {
        if (err_may_pass(&err))
            put_off(ending);
        if (storage_failed(workshop, &err))
            return;
    }
    ending->log_is_kept = 1;
    if (workshop->lost || (!ending->temporary && !hashes(ending))) {
        ending_finish(ending);
        return;
    }
    workshop->publishing++;
    ending->err = (struct err){0};
    ending->held_us = workshop->held_us;
    pool_add(workshop->publishers, publish, published, ending);
}

void ending_retry(struct workshop *workshop)
{
    struct ending *ending = TAKE(workshop->waiting);
    while (ending) {
        struct ending *next = ending->next;
        ending_go_on(ending);
        ending = next;
    }
}

void ending_give_up(struct workshop *workshop)
{
    struct ending *ending = TAKE(workshop->waiting);
    while (ending) {
        struct ending *next = ending->next;
        workshop->stopped++;
        workshop->endings_waiting--;
        free(ending->temporary);
        free(ending);
        ending = next;
    }
}
