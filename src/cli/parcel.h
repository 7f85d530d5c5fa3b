// SPDX-License-Identifier: Apache-2.0
// parcel: the cores that a run holds, cut into a slot for each task that runs at once.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vars.h"
#include "machine/allot.h"

struct parcel_ask {
    unsigned cores, jobs, threads; // 0: auto
    size_t tasks;                  // there are no more than that
    int whole;                     // one task has all (run, exec)
};
struct parcel { // free with parcel_free
    struct allot allot;
    struct cpuset *slot;
    unsigned cores, slots, threads; // slots * threads <= cores
};
// Errors: [over-limit] for more cores than are ours, [oversubscribed] for jobs x threads above
// the cores. *ret needs parcel_free also after failure.
int parcel_read(const struct parcel_ask *ask, const struct vars *vars, struct parcel *ret,
                struct err *err);
void parcel_free(struct parcel *parcel);
// Adds "8 cores", and where they are not all of the machine: "8 cores of 64 (the Slurm job)".
void parcel_add(struct str *text, const struct parcel *parcel);
