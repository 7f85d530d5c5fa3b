// SPDX-License-Identifier: Apache-2.0
// keeper: stands between the shell and a runner, and outlives it.
//
// PDEATHSIG ends the tasks of a killed runner, but not what they have started. The keeper adopts
// all of that (PR_SET_CHILD_SUBREAPER, prctl(2)) and kills it at once. If the keeper is killed,
// the runner is told and ends its tasks itself. It also touches the run's owner file, so that a
// stopped runner, whose tasks go on, keeps the run.
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include "base/children.h"
#include "base/err.h"

// What the kernel sends the runner when its keeper is gone: no task may go on.
#define KEEPER_GONE SIGPWR

struct keeper {
    pid_t runner;
    int run_dir;          // borrowed; -1: there is no owner file to be touched
    const char *run_path; // borrowed; NULL: what carries it is not ours alone
    sigset_t taken, before;
    struct children children;
    pid_t *spared; // children from before
    size_t spared_count;
};
// Forks. Returns 0 in the child, which is to become the runner; 1 in the keeper; -1 with err.
int keeper_fork(struct keeper *keeper, int run_dir, const char *run_path, struct err *err);
// In the keeper: until the runner has ended, and all below it. Signals of a user to the keeper go
// to the runner; what the terminal sends reaches both anyway. Returns the runner's status as
// waitpid(2) gives it.
int keeper_stay(struct keeper *keeper);

// In the runner: whether this is the second copy of a signal that was sent to keeper and runner
// alike (kill(2) of their group, scancel, timeout(1)): one came by the keeper.
struct keeper_heard {
    struct {
        uint32_t number, sender;
        int64_t until_us;
    } last[2]; // directly, by the keeper
};
int keeper_repeats(struct keeper_heard *heard, const struct signalfd_siginfo *info);
