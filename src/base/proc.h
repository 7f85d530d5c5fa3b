// SPDX-License-Identifier: Apache-2.0
// proc: start a program quickly, and say how it ended.
//
// The child shares our memory until it executes (clone(2) with CLONE_VM|CLONE_VFORK), as
// posix_spawn does, which cannot set affinity or the parent-death signal: 40-100 µs a task less
// than fork. Only the main thread may call proc_start: PDEATHSIG follows the thread that forked
// (prctl(2)).
#pragma once

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"

struct proc {
    const char *path; // the program, no search
    char *const *argv;
    char *const *envp;
    int folder;         // its working folder, -1: ours
    int in, out, error; // become 0, 1, 2; each > 2, or -1 to inherit
    const void *cpus;   // a mask as for sched_setaffinity, or NULL
    size_t cpus_size;
    const struct rlimit *files; // its limit of open files, or NULL
    const struct rlimit *space; // its limit of address space, or NULL
    const sigset_t *ignored;    // what proc_ignored gave, or NULL to ask again
    int own_group;              // a process group of its own
    int dies_with_us;           // SIGKILL when the calling thread ends
};
// The signals that this process ignores: handlers end at execve, these would not. Asking costs
// 60 system calls, so who starts many programs asks once.
void proc_ignored(sigset_t *ret);
// Returns the pid, or -1 with errno: also that of a failed execve, so a program that cannot be
// executed is known at once. All signals are at their defaults and none is blocked in the
// program.
pid_t proc_start(const struct proc *proc);
// What proc_start's child does, in this process: for `run` and `exec`, where lopin is gone.
// Returns only on failure, with errno.
int proc_become(const struct proc *proc);
enum { PROC_SIGNALLED = 128 }; // and the signal's number: the status that shells give for it
// The exit status that a shell gives for what wait(2) says.
int proc_exit_status(int status);
// "SIGSEGV"; "signal 40" for those without a name. Static or in `buffer` (32 bytes).
const char *proc_signal_name(int number, char buffer[32]);
// The number of "USR1", "SIGUSR1", "usr1" or "10"; 0 if it is none.
int proc_signal_number(const char *name);
// Raises this process's limit of open files to the most that it may have; *ret_before (may be NULL) is what it was.
void proc_raise_files(struct rlimit *ret_before);
// Asks the scheduler to run this thread soon after each wake, in short slices (sched_setattr(2),
// EEVDF of Linux 6.12; earlier ones do nothing): who waits for the end of others so loses no time
// to them. Children do not inherit it.
void proc_be_prompt(void);
