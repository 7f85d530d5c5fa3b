// SPDX-License-Identifier: Apache-2.0
// report: the use of slots as parts of a whole, the outcomes as extremes and causes.
#include "run/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static double part(double of, double whole)
{
    if (whole <= 0)
        return -1;
    return of < 0 ? 0 : of > whole ? 1 : of / whole;
}

void report_time(const struct usage *usage, struct report *ret)
{
    ret->wall_us = usage->wall_us;
    ret->most_cores = usage->most_cores;
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
static void add_likeness(struct str *key, int cause, int32_t code, const char *detail)
{
    str_print(key, "%d ", cause);
    if (cause != ERR_PYTHON_ERROR) {
        str_print(key, "%" PRId32, code);
        return;
    }
    size_t name = strcspn(detail, ": ");
    const char *place = NULL;
    for (const char *at = detail; (at = strstr(at, "   ")); at += 3)
        place = at;
    str_add_bytes(key, detail, name);
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

void report_failure(struct report_likeness *likeness, struct report *report, uint32_t index,
                    int cause, int32_t code, const char *detail)
{
    str_clear(&likeness->key);
    add_likeness(&likeness->key, cause, code, detail);
    uint64_t *place = table_get(&likeness->table, likeness->key.text);
    if (place) {
        report->cause[*place].count++;
        return;
    }
    const char *key = arena_dup(&likeness->keys, likeness->key.text);
    *table_put(&likeness->table, key, NULL) = report->causes;
    mem_room(&report->cause, &likeness->room, report->causes + 1, sizeof *report->cause);
    report->cause[report->causes++] = (struct report_cause){cause, detail, index, 1};
}

void report_failures_end(struct report_likeness *likeness, struct report *report)
{
    if (report->causes)
        qsort(report->cause, report->causes, sizeof *report->cause, by_count);
    table_free(&likeness->table);
    arena_free(&likeness->keys);
    str_free(&likeness->key);
}

static void add_causes(const struct state *state, struct report *ret)
{
    struct report_likeness likeness = {0};
    for (uint32_t i = 0; i < state->count; i++) {
        const struct outcome *outcome = &state->outcome[i];
        if (outcome->state == OUTCOME_FAILED)
            report_failure(&likeness, ret, i, outcome->cause, outcome->code, outcome->detail);
    }
    report_failures_end(&likeness, ret);
}

void report_limit(const struct state *state, struct report *ret)
{
    ret->memory_kb = state->segments ? state->segment[state->segments - 1].memory_kb : 0;
}

void report_make(const struct saved *saved, struct report *ret)
{
    *ret = (struct report)REPORT_NONE;
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
