// SPDX-License-Identifier: Apache-2.0
// watch: a run as somebody sees it who looks on: by its journals, and by its processes where
// they are on this host.
#pragma once

#include <stdint.h>

#include "run/journal_tail.h"
#include "run/progress.h"
#include "run/saved.h"

struct watch {           // begin with watch_begin
    struct saved *saved; // borrowed; its state and owner are brought up to date
    struct journal_tail *tail;
    struct fit fit;   // of the tasks that ended in this start
    int64_t start_us; // Unix time of this start
    uint32_t cores, slots;
    int64_t limit_kb; // of memory, 0: the machine's or not known
    unsigned restart; // this start
    int64_t sample_us, sample_cpu_us;
    double cores_used; // -1: not known
    int64_t resident_kb;
    struct watch_ended { // told of each end, as it is read
        void (*call)(void *context, uint32_t index, const struct record *record);
        void *context;
    } ended;
};
void watch_begin(struct watch *watch, struct saved *saved);
// Returns 1 while somebody computes the run, 0 after it, or -1 with err.
int watch_look(struct watch *watch, struct progress *ret, struct err *err);
// Whether a dataset is being computed now: what an earlier start had begun is not.
int watch_runs(const struct watch *watch, size_t index);
void watch_end(struct watch *watch);
