// SPDX-License-Identifier: Apache-2.0
// state: folds the journals of a run into one outcome a dataset.
//
// The order of truth is that of place.h, never the clock. An end that says done is final: a
// later attempt at the same dataset (its file changed, --redo) opens it again.
#include "run/state.h"

#include <stdlib.h>
#include <string.h>

#include "run/place.h"

struct reading {
    struct state *state;
    struct usage *usage; // or NULL
};

static const struct outcome nothing = {.detail = "", .output = "", .log_at = -1};

static struct outcome *find(struct state *state, uint64_t key)
{
    size_t index = keys_find(&state->by_key, key);
    return index != KEYS_NONE ? &state->outcome[index] : NULL;
}

static void note_segment(struct state *state, const struct record *record, unsigned parcel,
                         unsigned restart)
{
    const struct segment *last = state->segments ? &state->segment[state->segments - 1] : NULL;
    if (!last || parcel != last->parcel || restart != last->restart) {
        mem_room(&state->segment, &state->segment_room, state->segments + 1,
                 sizeof *state->segment);
        state->segment[state->segments++] =
            (struct segment){.parcel = parcel, .restart = restart, .start_us = record->wall_us};
    }
    segment_take(&state->segment[state->segments - 1], record);
}

void segment_take(struct segment *segment, const struct record *record)
{
    if (record->wall_us > segment->end_us)
        segment->end_us = record->wall_us;
    if (record->kind == RECORD_OPEN) {
        segment->cores = record->cores;
        segment->slots = record->slots;
        segment->memory_kb = record->memory_kb;
    }
    segment->closed |= record->kind == RECORD_CLOSE;
}

uint8_t outcome_of(enum task_state state)
{
    static const uint8_t states[] = {[TASK_DONE] = OUTCOME_DONE,
                                     [TASK_FAILED] = OUTCOME_FAILED,
                                     [TASK_STOPPED] = OUTCOME_STOPPED,
                                     [TASK_AGAIN] = OUTCOME_WAITING};
    return states[state];
}

static void note_end(struct state *state, struct outcome *outcome, const struct record *record)
{
    outcome->state = outcome_of(record->state);
    outcome->ended = (uint8_t)place_end(record);
    outcome->cause = err_code_of(record->cause);
    outcome->code = record->code;
    outcome->detail = *record->detail ? arena_dup(&state->arena, record->detail) : "";
    outcome->output = *record->output ? arena_dup(&state->arena, record->output) : "";
    outcome->start_us = record->wall_us - record->duration_us;
    outcome->duration_us = record->duration_us;
    outcome->user_us = record->user_us;
    outcome->system_us = record->system_us;
    outcome->peak_kb = record->peak_kb;
    outcome->log_at = record->log_at;
    outcome->log_size = record->log_size;
    outcome->data_size = record->data_size;
    outcome->data_mtime = record->data_mtime;
    outcome->data_hash = record->data_hash;
    outcome->script = record->script;
    outcome->env = record->env;
}

static size_t *count_of(struct state *state, uint8_t outcome)
{
    size_t *const counts[] = {[OUTCOME_WAITING] = &state->waiting,
                              [OUTCOME_BEGUN] = &state->begun,
                              [OUTCOME_DONE] = &state->done,
                              [OUTCOME_FAILED] = &state->failed,
                              [OUTCOME_STOPPED] = &state->stopped};
    return counts[outcome];
}

static int64_t asked(const struct record_pace *pace)
{
    return pace->run + pace->wait;
}

static void note_finding(struct state *state, const struct record *record)
{
    size_t at = 0;
    while (at < state->findings && strcmp(state->finding[at].cause, record->cause) != 0)
        at++;
    if (at == FINDINGS || !*record->cause ||
        (at < state->findings && asked(&state->finding[at].pace) >= asked(&record->pace)))
        return;
    state->findings += at == state->findings;
    state->finding[at] = (struct finding){
        .cause = arena_dup(&state->arena, record->cause),
        .program = arena_dup(&state->arena, record->detail),
        .libraries = arena_dup(&state->arena, record->words),
        .variable = arena_dup(&state->arena, record->variable),
        .pace = record->pace,
    };
}

static struct place place_now(const struct outcome *outcome)
{
    return (struct place){outcome->attempt, outcome->ended, outcome->restart, outcome->parcel};
}

void state_take(struct state *state, const struct record *record, unsigned parcel,
                unsigned restart)
{
    if (record->kind == RECORD_THREADS)
        note_finding(state, record);
    if (record->kind != RECORD_START && record->kind != RECORD_END)
        return;
    struct outcome *outcome = find(state, record->key);
    if (!outcome)
        return;
    if (record->peak_kb > outcome->most_kb)
        outcome->most_kb = record->peak_kb;
    const struct place later = place_of(record, parcel, restart), before = place_now(outcome);
    if (!place_stands(&later, &before))
        return;
    --*count_of(state, outcome->state);
    if (record->kind == RECORD_START) { // of the attempt before: its log lies in another pack
        int64_t most_kb = outcome->most_kb;
        *outcome = nothing;
        outcome->most_kb = most_kb;
    }
    outcome->attempt = record->attempt;
    outcome->slot = record->slot;
    outcome->parcel = parcel;
    outcome->restart = restart;
    if (record->kind == RECORD_END) {
        note_end(state, outcome, record);
    } else {
        outcome->state = OUTCOME_BEGUN;
        outcome->start_us = record->wall_us;
    }
    ++*count_of(state, outcome->state);
}

static int each_record(void *context, const struct record *record, unsigned parcel,
                       unsigned restart)
{
    struct reading *reading = context;
    note_segment(reading->state, record, parcel, restart);
    if (reading->usage)
        usage_add(reading->usage, record, parcel, restart);
    state_take(reading->state, record, parcel, restart);
    return 0;
}

int64_t state_wall_us(const struct state *state)
{
    CLEANUP_FREE struct span *span = mem_alloc(state->segments * sizeof *span);
    uint32_t cores;
    for (size_t i = 0; i < state->segments; i++) {
        const struct segment *segment = &state->segment[i];
        span[i] = (struct span){.parcel = segment->parcel,
                                .start_us = segment->start_us,
                                .end_us = segment->end_us};
    }
    return spans_wall_us(span, state->segments, &cores);
}

void state_begin(struct state *ret, const struct datasets *datasets)
{
    ret->count = ret->outcomes = datasets->count;
    ret->waiting = datasets->count;
    ret->outcome = mem_zero(datasets->count, sizeof *ret->outcome);
    keys_make(&ret->by_key, datasets->count);
    for (size_t i = 0; i < datasets->count; i++) {
        keys_add(&ret->by_key, datasets->item[i].key, i);
        ret->outcome[i] = nothing;
    }
}

int state_load(struct state *ret, int run_dir, const struct datasets *datasets,
               struct usage *usage, struct err *err)
{
    state_begin(ret, datasets);
    struct reading reading = {.state = ret, .usage = usage};
    int read = journal_read(run_dir, each_record, &reading, &ret->damage, err);
    if (usage)
        usage_end(usage);
    return read < 0 ? -1 : 0;
}

void state_free(struct state *state)
{
    free(state->outcome);
    free(state->segment);
    keys_free(&state->by_key);
    arena_free(&state->arena);
    *state = (struct state){0};
}
