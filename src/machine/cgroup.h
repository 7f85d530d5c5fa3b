// SPDX-License-Identifier: Apache-2.0
// cgroup: where this process's control groups lie, and the time that they grant.
//
// Limits hold together, from our own group up to the root, and some of those above may lie
// outside what a container shows: then what is shown counts.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

// The folders to look in for a controller's files ("cpu", "memory"), our own group first, then
// those above it; `cgroup` and `mountinfo` are the texts of /proc/self/cgroup and
// /proc/self/mountinfo. Not all of the folders need exist. Adds to ret_v1 and ret_v2.
void cgroup_folders(const char *cgroup, const char *mountinfo, const char *controller,
                    struct strv *ret_v1, struct strv *ret_v2);
// The same for this process; nothing is added where /proc does not tell. `root` as in
// machine_source; the folders are without it.
void cgroup_find(const char *root, const char *controller, struct strv *ret_v1,
                 struct strv *ret_v2);
// Reads root + folder + "/" + name into `into`, in place of what is there. Returns 0, or -1 if it
// is not there.
int cgroup_read(const char *root, const char *folder, const char *name, struct str *into);
#define CGROUP_QUOTAS 8
struct cgroup_quota { // of a control group
    double cpus;      // CPUs' worth of time that all processes in it may use together
    size_t whole;     // that rounded up, as two cores serve 1.5 CPUs' time best
    uint64_t key;     // names it, also where containers give it other paths
};
// cpu.max and cpu.cfs_quota_us / cpu.cfs_period_us of our group and those above it; all of them
// hold. Returns how many have one, the nearest CGROUP_QUOTAS. `root` as in machine_source.
size_t cgroup_quotas(const char *root, struct cgroup_quota ret[CGROUP_QUOTAS]);
// The same of another process, by its number in /proc, as far as its groups are seen from here.
size_t cgroup_quotas_of(const char *root, long pid, struct cgroup_quota ret[CGROUP_QUOTAS]);
