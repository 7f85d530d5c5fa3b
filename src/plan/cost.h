// SPDX-License-Identifier: Apache-2.0
// cost: what a run may cost at most: the whole time of all its jobs. Where a site bills memory too, a job
// is so many core-equivalents: the more of its cores and of its memory by that of a core.
#pragma once

#include <stdint.h>

#include "base/str.h"

struct cost_ask {
    unsigned long cores; // of a job, all its nodes
    int64_t memory_kb;   // of a job, all its nodes; 0: not said
    int64_t core_kb;     // `core-equivalent`; 0: the site bills cores alone
    int64_t time_us;     // of a job
    unsigned long jobs;
};
struct cost { // in core-microseconds
    double used, billed;
};
void cost_count(const struct cost_ask *ask, struct cost *ret);
// Adds "at most 160 core-hours", "at most 160 core-hours, billed as 320 (by memory)".
void cost_add(struct str *into, const struct cost *cost);
