// SPDX-License-Identifier: Apache-2.0
// steps: where a job's time falls among the times at which a site's queue changes (`time-steps`).
#pragma once

#include <stddef.h>
#include <stdint.h>

struct step_place {
    int64_t step_us;  // the least step that holds the time; 0: it is above all of them
    int64_t below_us; // the step below, if it is so near that less time may do; else 0
    int is_full;      // the time is the step: more would cost another queue
};
// `step` ascends. Returns 1, or 0 if there is nothing to say: no steps, or no time.
int steps_place(const int64_t *step, size_t count, int64_t time_us, struct step_place *ret);
