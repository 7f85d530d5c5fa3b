// SPDX-License-Identifier: Apache-2.0
// report: the use of slots as parts of a whole, the outcomes as extremes and causes.
#include "run/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"

static double part(double of, double whole)
{
    if (whole <= 0)
        return -1;
    return of < 0 ? 0 : of > whole ? 1 : of / whole;
}

void report_time(const struct usage *usage, struct report *ret)
{
    ret->wall_us = usage->wall_us;
    ret->cpu_us = usage->cpu_us;
    ret->ended_us = usage->ended_us;
    ret->ended = usage->ended;
    ret->reserved_us = usage->reserved_us;
    ret->slots_us = usage->slots_us;
    ret->tail_us = usage->tail_us;
    ret->efficiency = usage->ended ? part((double)usage->cpu_us, usage->reserved_us) : -1;
    ret->busy = part(usage->busy_us, usage->slots_us);
    ret->narrow = part(usage->narrow_us, usage->slots_us);
    ret->tail = part(usage->idle_us, usage->slots_us);
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
        if (outcome->most_kb > ret->peak_kb) {
            ret->peak_kb = outcome->most_kb;
            ret->largest = i;
        }
        if (outcome->state != OUTCOME_DONE && outcome->state != OUTCOME_FAILED)
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

void report_limit(const struct state *state, struct report *ret)
{
    ret->memory_kb = state->segments ? state->segment[state->segments - 1].memory_kb : 0;
}

void report_make(const struct saved *saved, struct report *ret)
{
    *ret = (struct report){.largest = UINT32_MAX, .slowest = UINT32_MAX};
    report_time(&saved->usage, ret);
    report_limit(&saved->state, ret);
    add_extremes(&saved->state, ret);
    add_causes(&saved->state, ret);
}

void report_free(struct report *report)
{
    free(report->cause);
    *report = (struct report){0};
}
