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
};
void gauge_begin(struct gauge *gauge, int64_t now);
void gauge_read(struct gauge *gauge, const struct workshop *workshop, int64_t now,
                struct progress *ret);
