// SPDX-License-Identifier: Apache-2.0
// log_follow: the journal says which task has which slot, the slot's spool what it prints.
//
// A slot's next task prints only after its start is in the journal. So a block is read from the
// spool first and the journal after it: if the slot still has the same task there, the block is
// that task's.
#include "cli/log_follow.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_look.h"
#include "run/journal_tail.h"
#include "run/place.h"
#include "run/round.h"

enum { BLOCK = 1 << 16, BLOCKS = 16, POLL_MS = 200, MAX_SLOTS = 1 << 16 };
#define NOBODY UINT32_MAX

struct lanes { // the slots of a journal's writer
    unsigned parcel, restart;
    uint32_t *index; // by slot - 1: of the dataset that has it, or NOBODY
    size_t count, room;
};
struct follow {
    struct log_show *show;
    struct saved *saved;
    const struct selection *selection;
    uint8_t *wanted; // by index
    int64_t *shown;  // by index: bytes of its present attempt
    struct lanes *lanes;
    size_t journals, journal_room;
    size_t last; // of lanes: whose records come now
    struct journal_tail *tail;
    struct err *err;
};

// NULL: of a journal that a later start replaced.
static struct lanes *lanes_of(struct follow *follow, unsigned parcel, unsigned restart)
{
    size_t at = follow->last;
    if (at < follow->journals && follow->lanes[at].parcel == parcel &&
        follow->lanes[at].restart == restart)
        return &follow->lanes[at];
    for (at = 0; at < follow->journals && follow->lanes[at].parcel != parcel; at++)
        ;
    follow->last = at;
    if (at == follow->journals) {
        mem_room(&follow->lanes, &follow->journal_room, at + 1, sizeof *follow->lanes);
        follow->lanes[follow->journals++] =
            (struct lanes){.parcel = parcel, .restart = restart};
    } else if (follow->lanes[at].restart < restart) { // a new start: all slots are free
        follow->lanes[at].restart = restart;
        follow->lanes[at].count = 0;
    }
    return follow->lanes[at].restart == restart ? &follow->lanes[at] : NULL;
}

static void take_start(struct follow *follow, struct lanes *lanes, size_t index,
                       const struct record *record)
{
    if (!record->slot || record->slot > MAX_SLOTS)
        return;
    mem_room(&lanes->index, &lanes->room, record->slot, sizeof *lanes->index);
    while (lanes->count < record->slot)
        lanes->index[lanes->count++] = NOBODY;
    lanes->index[record->slot - 1] = (uint32_t)index;
    if (index != NOBODY)
        follow->shown[index] = 0;
}

static int take_end(struct follow *follow, struct lanes *lanes, size_t index,
                    const struct record *record, int is_news)
{
    if (record->slot && record->slot <= lanes->count && lanes->index[record->slot - 1] == index)
        lanes->index[record->slot - 1] = NOBODY;
    const struct outcome *outcome = &follow->saved->state.outcome[index];
    int hidden = follow->show->cli->options.failed && outcome->state != OUTCOME_FAILED;
    if (!is_news || !follow->wanted[index] || hidden)
        return 0;
    return log_show_ended(follow->show, (uint32_t)index, follow->shown[index], follow->err);
}

static int take_record(void *context, const struct record *record, unsigned parcel,
                       unsigned restart)
{
    struct follow *follow = context;
    struct state *state = &follow->saved->state;
    struct lanes *lanes = lanes_of(follow, parcel, restart);
    if (record->kind != RECORD_START && record->kind != RECORD_END)
        return 0;
    size_t index = keys_find(&state->by_key, record->key);
    if (index == KEYS_NONE)
        return 0;
    const struct outcome *outcome = &state->outcome[index];
    const struct place now = {outcome->attempt, outcome->ended, outcome->restart,
                              outcome->parcel};
    const struct place next = place_of(record, parcel, restart);
    // an end that was there when the run was opened has been shown
    int is_news = place_stands(&next, &now) && !place_stands(&now, &next);
    int stands = place_stands(&next, &now);
    state_take(state, record, parcel, restart);
    if (record->kind == RECORD_END)
        return take_end(follow, lanes, index, record, is_news);
    if (lanes)
        take_start(follow, lanes, stands ? index : NOBODY, record);
    return 0;
}

static int show_lane(struct follow *follow, size_t journal, size_t slot, struct err *err)
{
    const struct lanes *lanes = &follow->lanes[journal];
    uint32_t index = lanes->index[slot];
    if (index == NOBODY || !follow->wanted[index] || follow->show->cli->options.failed)
        return 0;
    unsigned parcel = lanes->parcel, restart = lanes->restart;
    CLEANUP_CLOSE int fd = log_show_spool(follow->saved, parcel, restart, (unsigned)slot + 1);
    char block[BLOCK];
    ssize_t got = BLOCK;
    for (int i = 0; fd >= 0 && got == BLOCK && i < BLOCKS; i++) { // others print as well
        got = pread(fd, block, BLOCK, follow->shown[index]);
        if (got <= 0)
            return 0;
        if (journal_tail_go_on(follow->tail, parcel, restart, take_record, follow, err) < 0)
            return -1;
        if (slot >= lanes->count || lanes->index[slot] != index)
            return 0;
        if (log_show_bytes(follow->show, index, block, (size_t)got, err) < 0)
            return -1;
        follow->shown[index] += got;
    }
    return 0;
}

static int show_lanes(struct follow *follow, struct err *err)
{
    for (size_t i = 0; i < follow->journals; i++)
        for (size_t slot = 0; slot < follow->lanes[i].count; slot++)
            if (show_lane(follow, i, slot, err) < 0)
                return -1;
    return 0;
}

static int is_ended(const struct follow *follow)
{
    const struct selection *selection = follow->selection;
    for (size_t i = 0; i < selection->count; i++) {
        uint8_t state = follow->saved->state.outcome[selection->index[i]].state;
        if (state == OUTCOME_WAITING || state == OUTCOME_BEGUN)
            return 0;
    }
    return selection->index != NULL;
}

static int is_alive(const struct follow *follow, struct vigil *vigil)
{
    struct saved *saved = follow->saved;
    if (round_last(saved->folder.fd))
        return vigil_look(vigil, follow->show->cli, saved);
    owner_look(saved->folder.fd, &saved->owner);
    return saved->owner.state == OWNER_ALIVE;
}

static int follow_on(struct follow *follow, struct err *err)
{
    struct log_show *show = follow->show;
    CLEANUP_VIGIL struct vigil vigil = {0};
    for (int alive = 1; alive;) {
        alive = is_alive(follow, &vigil); // before the last look into the journals
        if (journal_tail_read(follow->tail, take_record, follow, err) < 0)
            return -1;
        if (show_lanes(follow, err) < 0)
            return -1;
        if (show->gone || is_ended(follow))
            return 0;
        struct pollfd reader = {.fd = show->cli->out.fd};
        if (alive && poll(&reader, 1, POLL_MS) > 0 && reader.revents & (POLLERR | POLLHUP))
            return 0;
    }
    return 0;
}

int log_follow(struct log_show *show, struct saved *saved, const struct selection *selection,
               struct err *err)
{
    size_t count = saved->state.count;
    struct follow follow = {.show = show, .saved = saved, .selection = selection, .err = err};
    follow.tail = journal_tail_new(saved->folder.fd);
    follow.wanted = mem_zero(count, 1);
    follow.shown = mem_zero(count, sizeof *follow.shown);
    memset(follow.wanted, !selection->index, count);
    for (size_t i = 0; selection->index && i < selection->count; i++)
        follow.wanted[selection->index[i]] = 1;
    int result = follow_on(&follow, err);
    journal_tail_free(follow.tail);
    free(follow.wanted);
    free(follow.shown);
    for (size_t i = 0; i < follow.journals; i++)
        free(follow.lanes[i].index);
    free(follow.lanes);
    return result;
}
