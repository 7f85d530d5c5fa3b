// SPDX-License-Identifier: Apache-2.0
// Journals of many parcels: what becomes of a dataset does not depend on which of them is read
// first. Histories are made at random: datasets that are taken over, tried again, and computed
// twice by a parcel and its copy; what they come to is found by looking at all records of a
// dataset.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pick.h"
#include "run/spans.h"
#include "run/state.h"

enum { DATASETS = 12, JOURNALS = 5, MOST = 128, HISTORIES = 3000 };

struct line {
    struct record record;
    unsigned parcel, restart;
};
struct history {
    struct line line[JOURNALS][MOST];
    size_t lines[JOURNALS];
};
static const struct journal_name names[JOURNALS] = {
    {0, 0}, {4294967295, 0}, {7, 0}, {7, 1}, {2, 4294967295}};

static void add(struct history *history, size_t journal, enum record_kind kind, unsigned index,
                unsigned attempt)
{
    if (history->lines[journal] == MOST)
        return;
    struct line *line = &history->line[journal][history->lines[journal]++];
    *line = (struct line){
        .record = {.kind = kind,
                   .key = 100 + index,
                   .attempt = attempt,
                   .slot = 1 + pick(4),
                   .wall_us = 1000 + pick(1000),
                   .cause = "",
                   .detail = "",
                   .output = "",
                   .words = "",
                   .variable = ""},
        .parcel = names[journal].parcel,
        .restart = names[journal].restart,
    };
    if (kind != RECORD_END)
        return;
    line->record.state = (enum task_state)pick(4);
    line->record.peak_kb = pick(1000);
    line->record.duration_us = pick(1000);
    line->record.code = (int)pick(256);
}

static void make(struct history *history)
{
    memset(history->lines, 0, sizeof history->lines);
    for (unsigned attempt = 1; attempt <= 4; attempt++)
        for (unsigned i = 0; i < DATASETS; i++) {
            for (unsigned copies = pick(4) ? 1 : 2; copies && pick(5); copies--) {
                size_t journal = pick(JOURNALS);
                if (pick(12)) // else its line is damaged
                    add(history, journal, RECORD_START, i, attempt);
                if (pick(4))
                    add(history, journal, RECORD_END, i, attempt);
            }
        }
}

// What is done is better than a failure, that than to be stopped, and any end than none.
static int worth(const struct record *record)
{
    if (record->kind != RECORD_END)
        return 0;
    return record->state == TASK_DONE ? 3 : record->state == TASK_FAILED ? 2 : 1;
}

// Of all records of a dataset that which none other is behind.
static const struct line *last_of(const struct history *history, unsigned index,
                                  int64_t *ret_most_kb)
{
    const struct line *last = NULL;
    *ret_most_kb = 0;
    for (size_t k = 0; k < JOURNALS; k++)
        for (size_t j = 0; j < history->lines[k]; j++) {
            const struct line *line = &history->line[k][j];
            int ended = worth(&line->record);
            if (line->record.key != 100 + index)
                continue;
            if (line->record.peak_kb > *ret_most_kb)
                *ret_most_kb = line->record.peak_kb;
            if (!last || line->record.attempt > last->record.attempt ||
                (line->record.attempt == last->record.attempt &&
                 (ended > worth(&last->record) ||
                  (ended == worth(&last->record) &&
                   (line->restart > last->restart ||
                    (line->restart == last->restart && line->parcel >= last->parcel))))))
                last = line;
        }
    return last;
}

static void check(const struct history *history, const struct state *state)
{
    size_t count[5] = {0};
    for (unsigned i = 0; i < DATASETS; i++) {
        const struct outcome *outcome = &state->outcome[i];
        int64_t most_kb;
        const struct line *last = last_of(history, i, &most_kb);
        count[outcome->state]++;
        if (!last) {
            assert_int_equal(outcome->state, OUTCOME_WAITING);
            continue;
        }
        const struct record *record = &last->record;
        int ended = record->kind == RECORD_END;
        assert_int_equal(outcome->state, ended ? outcome_of(record->state) : OUTCOME_BEGUN);
        assert_int_equal(outcome->attempt, record->attempt);
        assert_int_equal(outcome->parcel, last->parcel);
        assert_int_equal(outcome->restart, last->restart);
        assert_int_equal(outcome->slot, record->slot);
        assert_int_equal(outcome->code, record->code);
        assert_int_equal(outcome->peak_kb, record->peak_kb);
        assert_int_equal(outcome->most_kb, most_kb);
        assert_int_equal(outcome->start_us, record->wall_us - record->duration_us);
    }
    assert_int_equal(count[OUTCOME_WAITING], state->waiting);
    assert_int_equal(count[OUTCOME_BEGUN], state->begun);
    assert_int_equal(count[OUTCOME_DONE], state->done);
    assert_int_equal(count[OUTCOME_FAILED], state->failed);
    assert_int_equal(count[OUTCOME_STOPPED], state->stopped);
}

// Takes the records of each journal in order, those of different journals as they come.
static void take(const struct history *history, struct state *state)
{
    size_t at[JOURNALS] = {0}, left = 0;
    for (size_t k = 0; k < JOURNALS; k++)
        left += history->lines[k];
    while (left) {
        size_t k = pick(JOURNALS);
        for (unsigned n = pick(40); n && at[k] < history->lines[k]; n--, left--) {
            const struct line *line = &history->line[k][at[k]++];
            state_take(state, &line->record, line->parcel, line->restart);
        }
    }
}

static void test_order(void **unused)
{
    (void)unused;
    static struct history history;
    struct dataset item[DATASETS] = {{0}};
    const struct datasets datasets = {.item = item, .count = DATASETS, .columns = 1};
    for (unsigned i = 0; i < DATASETS; i++)
        item[i] = (struct dataset){.text = "d", .key = 100 + i, .number = i + 1};
    for (unsigned n = 1; n <= HISTORIES; n++) {
        seed = n * UINT64_C(0x9e3779b97f4a7c15);
        make(&history);
        for (int again = 0; again < 3; again++) {
            struct state state CLEANUP_STATE = {0};
            state_begin(&state, &datasets);
            take(&history, &state);
            check(&history, &state);
            take(&history,
                 &state); // what was read before changes nothing when it is read again
            check(&history, &state);
        }
    }
}

struct spans_case {
    struct span span[4];
    size_t count;
    int64_t wall_us, tail_us;
    uint32_t cores;
};
static const struct spans_case spans_cases[] = {
    {{{0}}, 0, 0, 0, 0},
    {{{0, 2, 10, 30, 4}}, 1, 20, 4, 2},
    // one parcel: its starts add up, and the clock on the wall proves nothing
    {{{0, 2, 10, 30, 4}, {0, 3, 20, 25, 1}}, 2, 25, 5, 3},
    // side by side, with a pause
    {{{0, 2, 10, 30, 4}, {1, 3, 20, 40, 7}, {2, 1, 50, 60, 0}}, 3, 40, 7, 5},
    // one begins when the other ends
    {{{0, 2, 10, 30, 0}, {1, 3, 30, 40, 0}}, 2, 30, 0, 3},
    // one inside the other; a journal that only begins
    {{{0, 2, 10, 30, 3}, {1, 3, 12, 15, 1}, {0, 2, 40, 50, 3}, {4, 9, 20, 20, 0}}, 4, 30, 6, 9},
};

static void test_spans(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(spans_cases); i++) {
        const struct spans_case *item = &spans_cases[i];
        uint32_t cores;
        assert_int_equal(spans_wall_us(item->span, item->count, &cores), item->wall_us);
        assert_int_equal(spans_tail_us(item->span, item->count), item->tail_us);
        assert_int_equal(cores, item->cores);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
