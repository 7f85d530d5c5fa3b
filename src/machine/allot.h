// SPDX-License-Identifier: Apache-2.0
// allot: which cores are ours, and how they are cut into slots.
//
// Ours = affinity ∩ Slurm's variables ∩ cgroup quota (v1 cpu.cfs_quota_us, v2 cpu.max, the
// least going up the tree). Slurm and the quota give only a number of CPUs: cores near each
// other are chosen, for Slurm with all their CPUs, for a quota (time, rounded up) with one CPU
// each while cores last. A slot is of whole physical cores: all the logical CPUs of ours on
// each of them, near in caches.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/vars.h"
#include "machine/cpuset.h"

struct machine_source {      // where to look, so that tests give saved machines
    const char *root;        // "" for this machine; sys, proc/self/cgroup ... lie below it
    const struct vars *vars; // for SLURM_*, which count only with SLURM_JOB_ID; NULL: none
    const struct cpuset *affinity; // NULL: ask sched_getaffinity
    const struct cpuset *busy;     // cores that others hold, by their id; NULL: none
    // CPUs' worth of time that others leave of the quotas; NULL: nobody uses them
    const size_t *time_left;
};
enum allot_limit { ALLOT_MACHINE, ALLOT_AFFINITY, ALLOT_QUOTA, ALLOT_SLURM, ALLOT_BUSY };
struct core {           // one physical core
    struct cpuset cpus; // its logical CPUs that are ours
    int package, numa;  // socket, and the kernel's number of the memory node
    int cache; // the least logical CPU below its last-level cache: a name for the cache
    int id;    // the least logical CPU of the core: its name for every process of the machine
};
struct allot {
    struct core *core;      // ours, near ones side by side
    size_t cores;           // at least 1, but for those that are busy
    size_t machine_cores;   // physical cores online
    enum allot_limit limit; // what made it less than the machine
    double quota;           // CPUs' worth of time, the least of the groups'; 0: there is none
};
// Returns 0, or -1 with err. A machine whose /sys tells nothing counts each CPU of the mask as
// a core.
int allot_read(const struct machine_source *source, struct allot *ret, struct err *err);
// Keeps only `width` cores, near each other and near where we run.
void allot_keep(struct allot *allot, size_t width);
size_t allot_cpus(const struct allot *allot); // logical CPUs of its cores
void allot_free(struct allot *allot);
// Cuts `slots` disjoint slots of `width` cores each, so that as many as can lie in one cache
// do, then in one NUMA node, then in one package, and so that fewer than fit are spread.
// `ret_slots` is an array of `slots`. slots * width <= cores, or -1 with [oversubscribed].
// width 0 gives empty slots.
int allot_cut(const struct allot *allot, size_t slots, size_t width, struct cpuset *ret_slots,
              struct err *err);
