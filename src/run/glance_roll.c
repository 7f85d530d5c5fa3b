// SPDX-License-Identifier: Apache-2.0
// glance_roll: a roll as a state and a report of few datasets.
#include <stdlib.h>

#include "base/mem.h"
#include "run/glance.h"
#include "run/roll.h"

enum { CAUSES_KEPT = 16 };

struct few { // datasets to be read: places of their lines
    uint64_t *line;
    size_t count, room;
};

static uint32_t few_add(struct few *few, const struct roll_item *item)
{
    mem_room(&few->line, &few->room, few->count + 1, sizeof *few->line);
    few->line[few->count] = item->line;
    return (uint32_t)few->count++;
}

static void take_begun(const struct roll *roll, struct state *state, struct few *few)
{
    state->outcome = mem_zero(state->begun, sizeof *state->outcome);
    for (size_t i = 0; i < roll->count && state->outcomes < state->begun; i++) {
        const struct roll_item *item = &roll->item[i];
        if (item->state != OUTCOME_BEGUN)
            continue;
        const struct segment *segment = &roll->journal[item->journal].segment;
        few_add(few, item);
        state->outcome[state->outcomes++] = (struct outcome){.state = OUTCOME_BEGUN,
                                                             .parcel = segment->parcel,
                                                             .restart = segment->restart,
                                                             .attempt = item->attempt,
                                                             .slot = item->slot,
                                                             .start_us = item->more,
                                                             .detail = "",
                                                             .output = "",
                                                             .log_at = -1};
    }
}

static void take_causes(const struct roll *roll, struct arena *arena, struct report *ret,
                        struct few *few)
{
    struct report_likeness likeness = {0};
    for (size_t i = 0; i < roll->count && roll->in_state[OUTCOME_FAILED]; i++) {
        const struct roll_item *item = &roll->item[i];
        if (item->state != OUTCOME_FAILED)
            continue;
        struct roll_failure failure = roll_failure(roll, item);
        report_failure(&likeness, ret, (uint32_t)i, err_code_of(failure.cause), failure.code,
                       failure.detail);
    }
    report_failures_end(&likeness, ret);
    for (size_t i = 0; i < ret->causes && i < CAUSES_KEPT; i++) {
        struct report_cause *cause = &ret->cause[i];
        cause->detail = arena_dup(arena, cause->detail);
        cause->first = few_add(few, &roll->item[cause->first]);
    }
}

static int by_reading(const void *a, const void *b)
{
    const struct segment *left = a, *right = b;
    if (left->restart != right->restart)
        return left->restart < right->restart ? -1 : 1;
    return left->parcel < right->parcel ? -1 : left->parcel > right->parcel;
}

static void take_segments(const struct roll *roll, struct state *state)
{
    state->segment = mem_alloc(roll->journals * sizeof *state->segment);
    for (size_t i = 0; i < roll->journals; i++)
        if (roll->journal[i].records)
            state->segment[state->segments++] = roll->journal[i].segment;
    if (state->segments)
        qsort(state->segment, state->segments, sizeof *state->segment, by_reading);
}

int glance_roll(struct saved *saved, struct report *ret)
{
    struct roll roll CLEANUP_ROLL = {0};
    struct few few = {0};
    struct state *state = &saved->state;
    if (roll_read(&roll, saved->folder.fd) < 0)
        return -1;
    *state = (struct state){
        .count = roll.count,
        .waiting = roll.in_state[OUTCOME_WAITING],
        .begun = roll.in_state[OUTCOME_BEGUN],
        .done = roll.in_state[OUTCOME_DONE],
        .failed = roll.in_state[OUTCOME_FAILED],
        .stopped = roll.in_state[OUTCOME_STOPPED],
    };
    *ret = (struct report)REPORT_NONE;
    take_segments(&roll, state);
    take_begun(&roll, state, &few);
    take_causes(&roll, &state->arena, ret, &few);
    report_limit(state, ret);
    int read = datasets_load_lines(&saved->datasets, saved->folder.fd, few.line, few.count);
    free(few.line);
    if (read == 0)
        return 0;
    datasets_free(&saved->datasets);
    state_free(state);
    report_free(ret);
    return -1;
}
