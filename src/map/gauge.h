// SPDX-License-Identifier: Apache-2.0
// gauge: how far a run is and what its tasks use, for whoever watches it.
#pragma once

#include <stdint.h>

#include "map/task.h"
#include "run/progress.h"

struct gauge {
    int64_t begin_us;                 // CLOCK_BOOTTIME of the start
    int64_t sample_us, sample_cpu_us; // the last measure of what tasks use
    double cores_used;
    int64_t memory_kb;
    // slots without a task, as none fits into memory: their time until narrow_since_us, and how
    // many they are since then
    int64_t narrow_us, narrow_since_us;
    size_t narrow_slots;
};
void gauge_begin(struct gauge *gauge, int64_t now);
// Slots are filled as far as they can be now; `narrow`: what waits does not fit into memory.
void gauge_narrow(struct gauge *gauge, const struct workshop *workshop, int narrow);
void gauge_read(struct gauge *gauge, const struct workshop *workshop, int64_t now,
                struct progress *ret);
