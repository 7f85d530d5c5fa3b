// SPDX-License-Identifier: Apache-2.0
// process: what /proc tells of a process (proc(5)).
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct process {
    char state; // 'R', 'S', ... 'Z': ended, and nobody has waited for it
    pid_t parent;
    int is_kernel; // a thread of the kernel's own
    unsigned long threads;
    // user + system, in clock ticks: of itself, and of children that were waited for
    long long cpu_ticks, waited_ticks;
    unsigned long long start; // in clock ticks since boot: a pid alone comes again
    long long resident_pages;
};
// Of the text of its file stat, or that of a thread, whose name in parentheses may hold anything. Returns 0, or -1.
int process_parse(const char *text, struct process *ret);
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
