// SPDX-License-Identifier: Apache-2.0
// allot: which cores are ours, and how they are cut into slots.
//
// Ours = affinity ∩ cgroup quota (v1 cpu.cfs_quota_us, v2 cpu.max, the least going up the tree) ∩ Slurm's
// variables. A slot is of whole physical cores: all the logical CPUs of ours on each of them, near in caches.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/vars.h"
#include "machine/cpuset.h"

struct machine_source { // where to look, so that tests give saved machines
    const char
        *root; // "" for this machine: sys/devices/..., proc/self/cgroup, sys/fs/cgroup below it
    const struct vars *vars;       // for SLURM_*
    const struct cpuset *affinity; // NULL: ask sched_getaffinity
};
enum allot_limit { ALLOT_MACHINE, ALLOT_AFFINITY, ALLOT_QUOTA, ALLOT_SLURM };
struct core {                     // one physical core
    struct cpuset cpus;           // its logical CPUs that are ours
    int package, numa, cache, id; // cache: number of its last-level cache's group
};
struct allot {
    struct core *core;      // ours, near ones side by side
    size_t cores;           // at least 1
    size_t machine_cores;   // physical cores online
    enum allot_limit limit; // what made it less than the machine
    double quota;           // CPUs' worth of time, 0 if there is none
};
// Returns 0, or -1 with err. A machine whose /sys tells nothing counts each CPU of the mask as a core.
int allot_read(const struct machine_source *source, struct allot *ret, struct err *err);
void allot_free(struct allot *allot);
// Cuts `slots` disjoint slots of `width` cores each, spread so that a slot lies in one cache or NUMA node
// where it can. slots * width <= cores, or -1 with [oversubscribed].
int allot_cut(const struct allot *allot, size_t slots, size_t width, struct cpuset *ret_slots,
              struct err *err);
