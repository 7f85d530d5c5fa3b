// SPDX-License-Identifier: Apache-2.0
// parcel: the cores that a run holds, cut into a slot for each task that runs at once.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/cli.h"
#include "machine/allot.h"
#include "machine/ledger.h"
#include "machine/memory.h"

struct parcel_ask {
    unsigned cores, jobs, threads; // 0: auto
    int64_t memory_kb, core_kb;    // --mem, --mem-per-cpu; 0: all
    int64_t each_kb;               // --mem-each, or 0
    size_t tasks;                  // there are no more than that
    int whole;                     // one task has all (run, exec)
    int look;                      // only to show: none is held
};
struct parcel { // free with parcel_free
    struct allot allot;
    struct memory_limit memory;
    struct ledger ledger; // in which its cores are ours
    unsigned level;       // of what runs in it: see RESERVE_LEVEL
    struct cpuset *slot;
    unsigned cores, slots, threads; // slots * threads <= cores
};
// The cores are held until parcel_free. As many as are said are waited for; without -c and -j
// what is free is taken. Errors: [over-limit] for more cores or memory than are ours, [oversubscribed]
// for jobs x threads above the cores. *ret needs parcel_free also after failure.
int parcel_read(const struct parcel_ask *ask, const struct cli *cli, struct parcel *ret,
                struct err *err);
void parcel_free(struct parcel *parcel);
// How many CPUs this job or container gives, and -c: for lopin's own work, which holds none. At least 1.
unsigned parcel_cpus(const struct cli *cli);
// Adds "8 cores", and where they are not all of the machine: "8 cores of 64 (the Slurm job)"; the
// memory too where it is not the machine's: ", 4G of memory (--mem)".
void parcel_add(struct str *text, const struct parcel *parcel);
