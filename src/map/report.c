// SPDX-License-Identifier: Apache-2.0
// report: the journals as time of slots, the outcomes as extremes and causes.
#include "map/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"

#define MAX_SLOTS (1U << 16) // a number in a file is no reason to fill the memory

struct lane {     // a slot during one segment; times are CLOCK_BOOTTIME
    uint64_t key; // of the task that has it
    int64_t start_us;
    int64_t free_us; // end of its last task, or the segment's start
    int open;        // has a task without an end
};
struct segment_time { // one journal
    unsigned parcel, restart;
    int64_t start_us, end_us;
    uint32_t cores, slots, threads;
    struct lane *lane; // slots of them
    int known;         // has a record
    int closed;
};
struct adding {
    const struct spec *spec;
    struct report *report;
    struct segment_time segment;
    double busy_us, tail_us;
};

static void segment_slots(struct segment_time *segment, uint32_t slots)
{
    segment->slots = slots > MAX_SLOTS ? MAX_SLOTS : slots;
    segment->lane = mem_zero(segment->slots, sizeof *segment->lane);
    for (uint32_t i = 0; i < segment->slots; i++)
        segment->lane[i].free_us = segment->start_us;
}

static void segment_finish(struct adding *adding)
{
    struct segment_time *segment = &adding->segment;
    if (!segment->known)
        return;
    int64_t wall = segment->end_us - segment->start_us;
    int64_t first_free = segment->end_us;
    double unknown = 0;
    for (uint32_t i = 0; i < segment->slots; i++) {
        const struct lane *lane = &segment->lane[i];
        if (lane->open)
            unknown += (double)(segment->end_us - lane->start_us);
        else if (segment->closed)
            adding->tail_us += (double)(segment->end_us - lane->free_us);
        if (!lane->open && lane->free_us < first_free)
            first_free = lane->free_us;
    }
    adding->report->wall_us += wall;
    if (segment->closed)
        adding->report->tail_us += segment->end_us - first_free;
    adding->report->slots_us += (double)wall * segment->slots;
    adding->busy_us += unknown;
    double reserved = (double)wall * segment->cores - unknown * segment->threads;
    adding->report->reserved_us += reserved > 0 ? reserved : 0;
    free(segment->lane);
    *segment = (struct segment_time){0};
}

static void segment_begin(struct adding *adding, const struct record *record, unsigned parcel,
                          unsigned restart)
{
    const struct spec *spec = adding->spec;
    int open = record->kind == RECORD_OPEN; // else its line is damaged
    adding->segment = (struct segment_time){
        .parcel = parcel,
        .restart = restart,
        .start_us = record->boot_us,
        .end_us = record->boot_us,
        .cores = open && record->cores ? record->cores : spec->cores,
        .threads = open && record->threads ? record->threads : spec->threads,
        .known = 1,
    };
    segment_slots(&adding->segment, open && record->slots ? record->slots : spec->slots);
}

// A slot is free at the exit of its task, whose end is recorded later: it may have the next one
// already.
static void lane_end(struct lane *lane, const struct record *record)
{
    if (!lane->open || lane->key != record->key)
        return;
    lane->open = 0;
    lane->free_us = record->boot_us;
}

static int add_record(void *context, const struct record *record, unsigned parcel,
                      unsigned restart)
{
    struct adding *adding = context;
    struct segment_time *segment = &adding->segment;
    if (segment->known && (segment->parcel != parcel || segment->restart != restart))
        segment_finish(adding);
    if (!segment->known)
        segment_begin(adding, record, parcel, restart);
    if (record->boot_us > segment->end_us)
        segment->end_us = record->boot_us;
    segment->closed |= record->kind == RECORD_CLOSE;
    struct lane *lane = record->slot && record->slot <= segment->slots
                            ? &segment->lane[record->slot - 1]
                            : NULL;
    if (record->kind == RECORD_START && lane)
        *lane = (struct lane){record->key, record->boot_us, record->boot_us, 1};
    if (record->kind != RECORD_END)
        return 0;
    if (lane)
        lane_end(lane, record);
    adding->report->ended++;
    adding->report->cpu_us += record->user_us + record->system_us;
    adding->report->ended_us += record->duration_us;
    adding->busy_us += (double)record->duration_us;
    return 0;
}

static double part(double of, double whole)
{
    if (whole <= 0)
        return -1;
    return of < 0 ? 0 : of > whole ? 1 : of / whole;
}

static void add_time(const struct saved *saved, struct report *ret)
{
    struct adding adding = {.spec = &saved->spec, .report = ret};
    journal_read(saved->folder.fd, add_record, &adding, NULL, NULL);
    segment_finish(&adding);
    ret->efficiency = ret->ended ? part((double)ret->cpu_us, ret->reserved_us) : -1;
    ret->busy = part(adding.busy_us, ret->slots_us);
    ret->tail = part(adding.tail_us, ret->slots_us);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void add_extremes(const struct state *state, struct report *ret)
{
    CLEANUP_FREE int64_t *durations = mem_alloc(state->count * sizeof *durations);
    size_t count = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct outcome *outcome = &state->outcome[i];
        int ended = outcome->state == OUTCOME_DONE || outcome->state == OUTCOME_FAILED;
        if ((ended || outcome->state == OUTCOME_STOPPED) && outcome->peak_kb > ret->peak_kb) {
            ret->peak_kb = outcome->peak_kb;
            ret->largest = i;
        }
        if (!ended)
            continue;
        durations[count++] = outcome->duration_us;
        if (ret->slowest == UINT32_MAX || outcome->duration_us > ret->longest_us) {
            ret->longest_us = outcome->duration_us;
            ret->slowest = i;
        }
    }
    if (!count)
        return;
    qsort(durations, count, sizeof *durations, by_size);
    ret->median_us = durations[count / 2];
}

// What failures of one cause have in common. "ValueError: x = 3   a.py:41": the words after the
// exception's name differ from one dataset to the next.
static void add_likeness(struct str *key, const struct outcome *outcome)
{
    str_print(key, "%d ", outcome->cause);
    if (outcome->cause != ERR_PYTHON_ERROR) {
        str_print(key, "%" PRId32, outcome->code);
        return;
    }
    size_t name = strcspn(outcome->detail, ": ");
    const char *place = NULL;
    for (const char *at = outcome->detail; (at = strstr(at, "   ")); at += 3)
        place = at;
    str_add_bytes(key, outcome->detail, name);
    str_add(key, place ? place : "");
}

static int by_count(const void *a, const void *b)
{
    const struct report_cause *left = a;
    const struct report_cause *right = b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return (left->first > right->first) - (left->first < right->first);
}

static void add_causes(const struct state *state, struct report *ret)
{
    CLEANUP_TABLE struct table table = {0};
    struct arena keys = {0};
    CLEANUP_STR struct str key = {0};
    size_t room = 0;
    for (uint32_t i = 0; i < state->count; i++) {
        const struct outcome *outcome = &state->outcome[i];
        if (outcome->state != OUTCOME_FAILED)
            continue;
        str_clear(&key);
        add_likeness(&key, outcome);
        uint64_t *place = table_get(&table, key.text);
        if (!place) {
            *table_put(&table, arena_dup(&keys, key.text), NULL) = ret->causes;
            mem_room(&ret->cause, &room, ret->causes + 1, sizeof *ret->cause);
            ret->cause[ret->causes++] =
                (struct report_cause){outcome->cause, outcome->detail, i, 1};
        } else {
            ret->cause[*place].count++;
        }
    }
    if (ret->causes)
        qsort(ret->cause, ret->causes, sizeof *ret->cause, by_count);
    arena_free(&keys);
}

void report_make(const struct saved *saved, struct report *ret)
{
    *ret = (struct report){.largest = UINT32_MAX, .slowest = UINT32_MAX};
    add_time(saved, ret);
    add_extremes(&saved->state, ret);
    add_causes(&saved->state, ret);
}

void report_free(struct report *report)
{
    free(report->cause);
    *report = (struct report){0};
}
