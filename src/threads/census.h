// SPDX-License-Identifier: Apache-2.0
// census: processes with all that they have started, as /proc shows them (proc(5)).
//
// What is gone when it is looked at is left out; what may not be read of another user's is marked. `root`
// is the folder that holds /proc, "" for this machine.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "machine/cpuset.h"

struct census_process {
    pid_t pid, parent;
    unsigned depth; // 0: one that was asked for
    unsigned group; // which of those that were asked for it is, or comes from
    char state;     // 'R', 'S', 'D', ...
    unsigned threads;
    unsigned long long start; // clock ticks since boot: a pid alone comes again
    long user;                // -1: not known
    struct cpuset cpus;       // of its mask; empty: not known
    char *name;               // "python3 script.py", for people; any bytes
};
struct census {                  // zero-initialise to begin
    struct census_process *item; // each followed by what it has started
    size_t count, room;
    int flat; // the kernel does not show children: found by their parents
    int cut;  // more than are looked at
};
enum { CENSUS_MOST = 4096 };
// Looks again: those roots and what is below them. Roots that are gone are left out.
void census_take(struct census *census, const char *root, const pid_t *roots, size_t count);
void census_free(struct census *census);
#define CLEANUP_CENSUS CLEANUP(census_free)

// Whether a process can be looked at. Returns 0, or -1 with [no-process]: there is none, it has ended,
// is the kernel's, or is hidden from us.
int census_check(const char *root, pid_t pid, struct err *err);
// The processes of a Slurm job on this node whose parent is not of it: by control group (job_N), else by
// SLURM_JOB_ID in their environments. Yours; *ret_count may be 0.
pid_t *census_job(const char *root, const char *job, size_t *ret_count);

// Adds what root/proc/PID/NAME holds, at most `most` bytes. Returns 0, or -1 with errno.
int census_file(const char *root, pid_t pid, const char *name, size_t most, struct str *into);
