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
#include "run/journal_tail.h"

enum { BLOCK = 1 << 16, BLOCKS = 16, POLL_MS = 200, MAX_SLOTS = 1 << 16 };
#define NOBODY UINT32_MAX

struct follow {
    struct log_show *show;
    struct saved *saved;
    const struct selection *selection;
    uint8_t *wanted; // by index
    int64_t *shown;  // by index: bytes of its present attempt
    uint32_t *lane;  // by slot - 1: index of the dataset that has it, or NOBODY
    size_t lanes, lane_room;
    struct journal_tail *tail;
    unsigned parcel, restart; // of its journal
    struct err *err;
};

static size_t index_of(const struct saved *saved, uint64_t key)
{
    size_t index = keys_find(&saved->state.by_key, key);
    return index != KEYS_NONE ? index : NOBODY;
}

static void take_start(struct follow *follow, size_t index, const struct record *record)
{
    if (!record->slot || record->slot > MAX_SLOTS)
        return;
    mem_room(&follow->lane, &follow->lane_room, record->slot, sizeof *follow->lane);
    while (follow->lanes < record->slot)
        follow->lane[follow->lanes++] = NOBODY;
    follow->lane[record->slot - 1] = (uint32_t)index;
    follow->shown[index] = 0;
}

static int take_end(struct follow *follow, size_t index, const struct record *record,
                    struct err *err)
{
    struct outcome *outcome = &follow->saved->state.outcome[index];
    if (record->slot && record->slot <= follow->lanes &&
        follow->lane[record->slot - 1] == index)
        follow->lane[record->slot - 1] = NOBODY;
    // an end that was there when the run was opened has been shown
    if (outcome->state != OUTCOME_WAITING && outcome->state != OUTCOME_BEGUN &&
        outcome->restart == follow->restart && record->attempt <= outcome->attempt)
        return 0;
    outcome->state = outcome_of(record->state);
    outcome->attempt = record->attempt;
    outcome->log_at = record->log_at;
    outcome->log_size = record->log_size;
    outcome->parcel = (uint16_t)follow->parcel;
    outcome->restart = (uint16_t)follow->restart;
    int hidden = follow->show->cli->options.failed && outcome->state != OUTCOME_FAILED;
    if (!follow->wanted[index] || hidden)
        return 0;
    return log_show_ended(follow->show, (uint32_t)index, follow->shown[index], err);
}

static int take_record(void *context, const struct record *record, unsigned parcel,
                       unsigned restart)
{
    struct follow *follow = context;
    if (restart != follow->restart ||
        parcel != follow->parcel) // a new start: all slots are free
        follow->lanes = 0;
    follow->parcel = parcel;
    follow->restart = restart;
    if (record->kind != RECORD_START && record->kind != RECORD_END)
        return 0;
    size_t index = index_of(follow->saved, record->key);
    if (index == NOBODY)
        return 0;
    if (record->kind == RECORD_END)
        return take_end(follow, index, record, follow->err);
    take_start(follow, index, record);
    return 0;
}

static int show_lane(struct follow *follow, size_t slot, struct err *err)
{
    uint32_t index = follow->lane[slot];
    if (index == NOBODY || !follow->wanted[index] || follow->show->cli->options.failed)
        return 0;
    CLEANUP_CLOSE int fd =
        log_show_spool(follow->saved, follow->parcel, follow->restart, (unsigned)slot + 1);
    char block[BLOCK];
    ssize_t got = BLOCK;
    for (int i = 0; fd >= 0 && got == BLOCK && i < BLOCKS; i++) { // others print as well
        got = pread(fd, block, BLOCK, follow->shown[index]);
        if (journal_tail_go_on(follow->tail, take_record, follow, err) < 0)
            return -1;
        if (got <= 0 || slot >= follow->lanes || follow->lane[slot] != index)
            return 0;
        if (log_show_bytes(follow->show, index, block, (size_t)got, err) < 0)
            return -1;
        follow->shown[index] += got;
    }
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

static int follow_on(struct follow *follow, struct err *err)
{
    struct log_show *show = follow->show;
    for (int alive = 1; alive;) {
        struct owner owner;
        owner_look(follow->saved->folder.fd, &owner); // before the last look into the journal
        alive = owner.state == OWNER_ALIVE;
        if (journal_tail_read(follow->tail, take_record, follow, err) < 0)
            return -1;
        for (size_t slot = 0; slot < follow->lanes; slot++)
            if (show_lane(follow, slot, err) < 0)
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
    follow.tail = journal_tail_new(saved->folder.fd, 0); // on one machine the parcel is 0
    follow.wanted = mem_zero(count, 1);
    follow.shown = mem_zero(count, sizeof *follow.shown);
    memset(follow.wanted, !selection->index, count);
    for (size_t i = 0; selection->index && i < selection->count; i++)
        follow.wanted[selection->index[i]] = 1;
    int result = follow_on(&follow, err);
    journal_tail_free(follow.tail);
    free(follow.wanted);
    free(follow.shown);
    free(follow.lane);
    return result;
}
