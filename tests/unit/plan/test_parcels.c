// SPDX-License-Identifier: Apache-2.0
// How many jobs a run becomes, what is over a limit, where a time falls among steps, what a run may cost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/cost.h"
#include "plan/parcels.h"
#include "plan/steps.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

struct plan_case {
    size_t datasets, chunk;
    unsigned slots;
    unsigned long parcels, submitted, running; // the latter 0: no ceiling
    int64_t task_us, time_us, least_us;
    unsigned long count, at_once, needed;
    int is_short;
    const char *why; // a part of it; of the error's hint where count is 0
};

static const struct plan_case cases[] = {
    // nothing is known of their time
    {.datasets = 1, .slots = 8, .count = 1, .why = "each slot"},
    {.datasets = 40, .slots = 8, .count = 5, .why = "each slot"},
    {.datasets = 64, .slots = 8, .count = 8},
    {.datasets = 1000, .slots = 8, .count = 32, .why = "about 4 datasets a slot"},
    {.datasets = 100000, .slots = 8, .count = 317, .why = "about 39 datasets a slot"},
    {.datasets = 1000, .slots = 2, .running = 2, .count = 2, .why = "running"},
    {.datasets = 1000, .slots = 8, .submitted = 10, .count = 10, .why = "submitted"},
    {.datasets = 40, .slots = 8, .least_us = HOUR, .count = 5, .is_short = 1},
    // it is
    {.datasets = 2000,
     .slots = 16,
     .task_us = 11 * MINUTE,
     .time_us = 3 * HOUR,
     .least_us = HOUR,
     .count = 20,
     .needed = 9,
     .why = "1h00m at least"},
    {.datasets = 2000,
     .slots = 16,
     .task_us = 11 * MINUTE,
     .time_us = 3 * HOUR,
     .running = 4,
     .count = 9,
     .needed = 9,
     .why = "the time of a job holds no more"},
    {.datasets = 100, .slots = 4, .task_us = SECOND, .time_us = HOUR, .count = 1, .needed = 1},
    {.datasets = 100,
     .slots = 4,
     .task_us = SECOND,
     .time_us = HOUR,
     .least_us = HOUR,
     .count = 1,
     .needed = 1,
     .is_short = 1},
    {.datasets = 8, .slots = 4, .task_us = 2 * HOUR, .time_us = HOUR, .count = 2, .needed = 2},
    {.datasets = 2000,
     .slots = 4,
     .task_us = HOUR,
     .time_us = HOUR,
     .submitted = 99,
     .count = 99,
     .needed = 500,
     .why = "submitted"},
    // what is said
    {.datasets = 2000, .slots = 16, .chunk = 200, .count = 10, .why = "--chunk 200"},
    {.datasets = 2000, .slots = 16, .chunk = 200, .parcels = 4, .count = 10, .at_once = 4},
    {.datasets = 2000, .slots = 16, .chunk = 200, .parcels = 40, .submitted = 40, .count = 10},
    {.datasets = 2000, .slots = 16, .parcels = 4, .count = 4, .why = "--parcels 4"},
    {.datasets = 20, .slots = 16, .parcels = 4, .count = 2, .why = "each slot"},
    {.datasets = 2000, .slots = 16, .parcels = 4, .running = 2, .count = 4},
    {.datasets = 2000,
     .slots = 16,
     .parcels = 4,
     .task_us = 11 * MINUTE,
     .time_us = 3 * HOUR,
     .count = 9,
     .at_once = 4,
     .needed = 9},
    // over a limit
    {.datasets = 2000, .slots = 2, .parcels = 100, .submitted = 99, .why = "--parcels 99"},
    {.datasets = 2000, .slots = 2, .chunk = 10, .submitted = 99, .why = "--chunk 21"},
    {.datasets = SIZE_MAX, .slots = 1, .running = 7, .count = 7},
};

static void add(struct ceilings *ceilings, unsigned long most, const char *why)
{
    if (most) {
        ceilings_add(ceilings, most, mem_dup(why));
        ceilings_add(ceilings, most + 1, mem_dup("another"));
    }
}

static void plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct plan_case *at = &cases[i];
        CLEANUP_PARCELS struct parcels parcels = {0};
        struct parcels_ask ask = {.datasets = at->datasets,
                                  .slots = at->slots,
                                  .chunk = at->chunk,
                                  .parcels = at->parcels,
                                  .task_us = at->task_us,
                                  .time_us = at->time_us,
                                  .least_us = at->least_us};
        struct err err = {0};
        add(&ask.submitted, at->submitted, "submitted");
        add(&ask.running, at->running, "running");
        int status = parcels_plan(&ask, &parcels, &err);
        assert_int_equal(status, at->count ? 0 : -1);
        if (parcels.count != at->count || parcels.at_once != at->at_once ||
            parcels.needed != at->needed || parcels.is_short != at->is_short)
            fail_msg("case %zu: %lu %%%lu, needed %lu, short %d: %s", i, parcels.count,
                     parcels.at_once, parcels.needed, parcels.is_short, parcels.why);
        if (at->why && !strstr(at->count ? parcels.why : err.hint, at->why))
            fail_msg("case %zu: %s", i, at->count ? parcels.why : err.hint);
        assert_int_equal(err.code, at->count ? ERR_NONE : ERR_OVER_LIMIT);
        ceilings_free(&ask.submitted);
        ceilings_free(&ask.running);
    }
}

// The line of the hint is one that is taken.
static void hints_hold(void **state)
{
    (void)state;
    for (size_t datasets = 1; datasets < 300; datasets += 7)
        for (unsigned long most = 1; most < 40; most++) {
            struct parcels_ask ask = {.datasets = datasets, .slots = 2, .chunk = 1};
            CLEANUP_PARCELS struct parcels parcels = {0};
            struct err err = {0};
            ceilings_add(&ask.submitted, most, mem_dup("x"));
            if (parcels_plan(&ask, &parcels, &err) < 0) {
                const char *chunk = strstr(err.hint, "--chunk ");
                assert_non_null(chunk);
                ask.chunk = strtoul(chunk + strlen("--chunk "), NULL, 10);
                assert_int_equal(parcels_plan(&ask, &parcels, &err), 0);
                assert_true(parcels.count <= most);
            }
            ceilings_free(&ask.submitted);
        }
}

static void nothing_left(void **state)
{
    struct parcels_ask ask = {.datasets = 5, .slots = 1};
    CLEANUP_PARCELS struct parcels parcels = {0};
    struct err err = {0};
    (void)state;
    ceilings_add(&ask.submitted, 0, mem_dup("me may have 40 jobs"));
    assert_int_equal(parcels_plan(&ask, &parcels, &err), -1);
    assert_int_equal(err.code, ERR_OVER_LIMIT);
    assert_non_null(strstr(err.hint, "me may have 40 jobs"));
    ceilings_free(&ask.submitted);
}

static void steps(void **state)
{
    static const int64_t step[] = {3 * HOUR, 12 * HOUR, 24 * HOUR};
    static const struct {
        int64_t time, step, below;
        int is_full;
    } places[] = {{HOUR, 3 * HOUR, 0, 0},       {150 * MINUTE, 3 * HOUR, 0, 0},
                  {3 * HOUR, 3 * HOUR, 0, 1},   {190 * MINUTE, 12 * HOUR, 3 * HOUR, 0},
                  {5 * HOUR, 12 * HOUR, 0, 0},  {24 * HOUR, 24 * HOUR, 0, 1},
                  {25 * HOUR, 0, 24 * HOUR, 0}, {90 * HOUR, 0, 0, 0}};
    struct step_place place;
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        assert_int_equal(steps_place(step, COUNT(step), places[i].time, &place), 1);
        assert_int_equal(place.step_us, places[i].step);
        assert_int_equal(place.below_us, places[i].below);
        assert_int_equal(place.is_full, places[i].is_full);
    }
    assert_int_equal(steps_place(NULL, 0, HOUR, &place), 0);
    assert_int_equal(steps_place(step, COUNT(step), 0, &place), 0);
}

static void costs(void **state)
{
    static const struct {
        struct cost_ask ask;
        const char *words;
    } said[] = {
        {{.cores = 16, .time_us = HOUR, .jobs = 10}, "at most 160 core-hours"},
        {{.cores = 16, .memory_kb = 128 << 20, .core_kb = 4 << 20, .time_us = HOUR, .jobs = 10},
         "at most 160 core-hours, billed as 320 for their memory"},
        {{.cores = 16, .memory_kb = 60 << 20, .core_kb = 4 << 20, .time_us = HOUR, .jobs = 10},
         "at most 160 core-hours"},
        {{.cores = 1, .time_us = 30 * MINUTE, .jobs = 1}, "at most 0.5 core-hours"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(said); i++) {
        CLEANUP_STR struct str words = {0};
        struct cost cost;
        cost_count(&said[i].ask, &cost);
        cost_add(&words, &cost);
        assert_string_equal(words.text, said[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans), cmocka_unit_test(hints_hold), cmocka_unit_test(nothing_left),
        cmocka_unit_test(steps), cmocka_unit_test(costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
