// SPDX-License-Identifier: Apache-2.0
// watch: a run as somebody sees it who looks on: by its journals, and by its processes where
// they are on this host.
#pragma once

#include <stdint.h>

#include "run/claims.h"
#include "run/journal_tail.h"
#include "run/progress.h"
#include "run/saved.h"

struct watch {           // begin with watch_begin
    struct saved *saved; // borrowed; its state and owner are brought up to date
    struct journal_tail *tail;
    struct watch_parcel *parcel; // the newest journal of each, by number
    size_t parcels, parcel_room;
    int64_t start_us;    // Unix time: when the first of those that are alive began
    size_t alive_before; // how many were at the last look
    int64_t sample_us, sample_cpu_us;
    double cores_used; // -1: not known
    int64_t resident_kb;
    struct watch_ended { // told of each end, as it is read
        void (*call)(void *context, uint32_t index, const struct record *record);
        void *context;
    } ended;
    // Whether a parcel is alive whose journal is not closed: by watch_begin by its claim, and
    // one that has none by the run's owner.
    struct watch_alive {
        int (*call)(void *context, unsigned parcel, unsigned restart);
        void *context;
    } alive;
    struct parcel_look *claim; // as they were at the time of looked_us
    size_t claims;
    int64_t looked_us;
};
struct watch_parcel { // as its newest journal has it
    unsigned parcel, restart;
    uint32_t cores, slots;
    int64_t memory_kb; // its limit
    int64_t start_us;  // Unix time
    struct fit fit;    // of the tasks that ended in it
    int closed;
    int alive; // at the last look
};
void watch_begin(struct watch *watch, struct saved *saved);
// Returns 1 while somebody computes the run, 0 after it, or -1 with err.
int watch_look(struct watch *watch, struct progress *ret, struct err *err);
// Whether a dataset is being computed now: what an earlier start had begun is not, nor what a
// parcel had that is over.
int watch_runs(const struct watch *watch, size_t index);
void watch_end(struct watch *watch);
