// SPDX-License-Identifier: Apache-2.0
// figures: numbers that /proc gives of a process or a thread, from the texts of its files (proc(5)).
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "machine/cpuset.h"

struct pace_figures {
    int64_t run_ns, wait_ns; // on a CPU; runnable without one
};
// Of "RUN WAIT SLICES" (schedstat). Returns 0, or -1.
int figures_schedstat(const char *text, struct pace_figures *ret);

// The CPUs of "Cpus_allowed_list" and the user of "Uid" in status. Returns 0, or -1 without the first;
// *ret_user is -1 without the second.
int figures_status(const char *text, struct cpuset *ret_cpus, long *ret_user);

// A thread that waits for a futex (futex(2)), of the text of `syscall`: where the word lies and where
// the thread's next instruction is. Returns 1, or 0 if it does something else.
int figures_futex(const char *text, uint64_t *ret_word, uint64_t *ret_at);
