// SPDX-License-Identifier: Apache-2.0
// process: what /proc tells of a process (proc(5)).
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct process {
    char state; // 'R', 'S', ... 'Z': ended, and nobody has waited for it
    pid_t parent;
    // user + system, of itself and of children that were waited for, in clock ticks
    long long cpu_ticks;
    unsigned long long start; // in clock ticks since boot: a pid alone comes again
    long long resident_pages;
};
// Returns 0, or -1 if it is gone.
int process_read(pid_t pid, struct process *ret);
// Whether such a process has ended, waited for or not.
int process_is_over(const struct process *process);
// The environment that it was started with: entries with a NUL behind each. Returns 0, or -1
// with errno (another user's, or gone).
int process_environment(pid_t pid, struct str *ret);
// The first entry that begins with these bytes: what follows them, or NULL. With the NUL of a
// text among them, an entry that is this text.
const char *process_entry(const struct str *environment, const char *begin, size_t size);
