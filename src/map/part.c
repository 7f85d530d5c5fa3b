// SPDX-License-Identifier: Apache-2.0
// part: journals are read only where something came before: an earlier round, or a holder that is gone.
#include "map/part.h"

#include <stdlib.h>

#include "base/mem.h"
#include "map/again.h"
#include "run/state.h"

struct part {
    const struct saved *saved;
    const struct round *round;
    struct claims *claims;
    struct earlier *earlier; // by index
    uint32_t *chunk_of;      // by index
    uint32_t *given;         // room for the largest chunk
    size_t most, taken;
    struct share share;
};

// What its last attempt was, for the attempt to come.
static void take_outcome(struct part *part, const struct state *state, uint32_t index)
{
    part->earlier[index] = again_earlier(&state->outcome[index]);
}

struct gone { // what holders that are gone have left
    struct state state;
    struct parcel_look *parcel; // all that began, by number and restart
    size_t parcels;
};

static void gone_free(struct gone *gone)
{
    state_free(&gone->state);
    free(gone->parcel);
}

static int gone_read(const struct part *part, struct gone *ret, struct err *err)
{
    const struct saved *saved = part->saved;
    ret->parcel = claims_list(saved->folder.fd, &ret->parcels);
    return state_load(&ret->state, saved->folder.fd, &saved->datasets, NULL, err);
}

// Whether an attempt was of this round: of an earlier one its end may be why the dataset is in this one.
static int is_of_round(const struct part *part, const struct gone *gone,
                       const struct outcome *outcome)
{
    size_t low = 0, high = gone->parcels;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct parcel_look *look = &gone->parcel[middle];
        if (look->parcel < outcome->parcel ||
            (look->parcel == outcome->parcel && look->restart < outcome->restart))
            low = middle + 1;
        else
            high = middle;
    }
    return low < gone->parcels && gone->parcel[low].parcel == outcome->parcel &&
           gone->parcel[low].restart == outcome->restart &&
           gone->parcel[low].round == part->round->number;
}

static int is_left(const struct part *part, const struct gone *gone, uint32_t index)
{
    const struct outcome *outcome = &gone->state.outcome[index];
    int has_ended = outcome->state == OUTCOME_DONE || outcome->state == OUTCOME_FAILED;
    return !has_ended || !is_of_round(part, gone, outcome);
}

// Those of a chunk that have no end yet: first who never began, so that one that is longer than a job, or ends
// its agent, does so behind all others. Returns how many.
static size_t list_left(struct part *part, const struct gone *gone, size_t chunk, uint32_t *ret)
{
    const struct chunk *it = &part->round->chunk[chunk];
    size_t count = 0;
    for (int begun = 0; begun < 2; begun++)
        for (uint32_t i = it->first; i < it->first + it->count; i++) {
            uint32_t index = part->round->order[i];
            if (!!gone->state.outcome[index].attempt == begun && is_left(part, gone, index))
                ret[count++] = index;
        }
    return count;
}

// Takes a chunk whose holder is gone. Returns 1 with its datasets, 0 if there is none, -1 with err.
static int take_orphan(struct part *part, const struct gone *gone, size_t *ret_count,
                       struct err *err)
{
    size_t chunk;
    while (claims_orphan(part->claims, &chunk)) {
        *ret_count = list_left(part, gone, chunk, part->given);
        int taken = *ret_count ? claims_take(part->claims, chunk, err) : 0;
        for (size_t i = 0; taken > 0 && i < *ret_count; i++)
            take_outcome(part, &gone->state, part->given[i]);
        if (taken)
            return taken;
    }
    return 0;
}

// The search for orphans begins anew; journals are read only if there is one. Returns 1, 0 if there is none, -1
// with err.
static int gone_find(struct part *part, struct gone *ret, struct err *err)
{
    size_t chunk;
    claims_rewind(part->claims);
    if (!claims_orphan(part->claims, &chunk))
        return 0;
    claims_rewind(part->claims);
    return gone_read(part, ret, err) < 0 ? -1 : 1;
}

static int more_of_gone(struct part *part, size_t *ret_count, struct err *err)
{
    struct gone gone = {0};
    int got = gone_find(part, &gone, err);
    if (got > 0)
        got = take_orphan(part, &gone, ret_count, err);
    gone_free(&gone);
    return got;
}

static int more(void *context, const uint32_t **ret, size_t *ret_count, struct err *err)
{
    struct part *part = context;
    size_t chunk;
    if (part->most && part->taken >= part->most)
        return 0;
    int got = claims_next(part->claims, &chunk, err);
    *ret = part->given;
    if (got > 0) {
        *ret = part->round->order + part->round->chunk[chunk].first;
        *ret_count = part->round->chunk[chunk].count;
    } else if (got == 0) {
        got = more_of_gone(part, ret_count, err);
    }
    part->taken += got > 0 ? *ret_count : 0;
    return got;
}

static int touch(void *context, struct err *err)
{
    const struct part *part = context;
    return claims_touch(part->claims, err);
}

static int hold(void *context, uint32_t index, struct err *err)
{
    const struct part *part = context;
    return claims_hold(part->claims, part->chunk_of[index], err);
}

struct part *part_new(const struct saved *saved, const struct round *round,
                      struct claims *claims, size_t most, struct err *err)
{
    const struct datasets *datasets = &saved->datasets;
    struct part *part = mem_zero(1, sizeof *part);
    *part = (struct part){.saved = saved, .round = round, .claims = claims, .most = most};
    part->share = (struct share){.more = more, .touch = touch, .hold = hold, .context = part};
    part->earlier = mem_zero(datasets->count + 1, sizeof *part->earlier);
    part->chunk_of = mem_zero(datasets->count + 1, sizeof *part->chunk_of);
    part->given = mem_zero(round->count + 1, sizeof *part->given);
    for (size_t i = 0; i < round->chunks; i++)
        for (uint32_t k = 0; k < round->chunk[i].count; k++)
            part->chunk_of[round->order[round->chunk[i].first + k]] = (uint32_t)i;
    struct gone gone = {0};
    int read = round->number > 1 ? gone_read(part, &gone, err) : 0;
    for (uint32_t i = 0; read == 0 && round->number > 1 && i < datasets->count; i++)
        take_outcome(part, &gone.state, i);
    gone_free(&gone);
    if (read < 0) {
        part_free(part);
        return NULL;
    }
    return part;
}

const struct share *part_share(const struct part *part)
{
    return &part->share;
}

const struct earlier *part_earlier(const struct part *part)
{
    return part->earlier;
}

enum part_left part_left(struct part *part)
{
    struct gone gone = {0};
    enum part_left left = PART_NOTHING;
    size_t chunk;
    if (claims_is_new(part->claims))
        return PART_NEW;
    int found = gone_find(part, &gone, NULL);
    left = found < 0 ? PART_BEGUN : PART_NOTHING; // who comes after us will say why
    while (found > 0 && left != PART_NEW && claims_orphan(part->claims, &chunk)) {
        size_t count = list_left(part, &gone, chunk, part->given);
        if (count) // who never began is first
            left = gone.state.outcome[part->given[0]].attempt ? PART_BEGUN : PART_NEW;
    }
    gone_free(&gone);
    return left;
}

size_t part_taken(const struct part *part)
{
    return part->taken;
}

void part_free(struct part *part)
{
    if (!part)
        return;
    free(part->earlier);
    free(part->chunk_of);
    free(part->given);
    free(part);
}
