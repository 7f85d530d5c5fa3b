// SPDX-License-Identifier: Apache-2.0
// deadline: when a parcel that has an end (-t) warns its tasks, ends them, and is over.
#pragma once

#include <stdint.h>

#include "run/spec.h"

enum deadline_step { DEADLINE_NONE, DEADLINE_WARN, DEADLINE_TERM, DEADLINE_KILL };
struct deadline { // CLOCK_BOOTTIME; end_us 0: no end
    int64_t warn_us, term_us, end_us;
    int number, first_only; // of the warning; first_only: to a task's first process only
    enum deadline_step reached;
};
void deadline_set(struct deadline *deadline, const struct spec *spec, int64_t begin_us);
// The next step if it is due: each is returned once. *ret_due becomes the time of the one after.
enum deadline_step deadline_next(struct deadline *deadline, int64_t now, int64_t *ret_due);
// Whether a task begun now that takes so long (seconds) ends before the warning.
int deadline_leaves(const struct deadline *deadline, int64_t now, double seconds);
