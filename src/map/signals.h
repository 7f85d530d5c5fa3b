// SPDX-License-Identifier: Apache-2.0
// signals: those that a runner takes, by a descriptor (signalfd(2)): none interrupts anything.
#pragma once

#include <signal.h>
#include <stdint.h>

#include "base/err.h"
#include "map/keeper.h"

struct signals {
    int fd;          // -1: not open
    sigset_t before; // the caller's mask
    struct keeper_heard heard;
};
// Blocks and takes SIGCHLD, what ends a run, and KEEPER_GONE. What our caller ignores (nohup, a
// background job of sh) stays ignored: blocked, it would be seen. Returns 0, or -1 with err.
int signals_open(struct signals *signals, struct err *err);
// Calls `take` for each that has come and is no second copy of one. That SIGCHLD has come is not
// told: it wakes poll(2), and who ended says waitid(2). Returns how many it took.
int signals_read(struct signals *signals, void (*take)(void *context, int number),
                 void *context);
// Who ends a job of Slurm signals each of its processes, and our copy may come after a task's: with a task
// that did not end well (waitid(2)) it is waited for, for a moment, so that the task is not taken for one that
// failed. A SIGKILL ends us in that time.
void signals_follow(struct signals *signals, const siginfo_t *end,
                    void (*take)(void *context, int number), void *context);
void signals_close(struct signals *signals);

// Waits for one of `set`, which the caller has blocked, until `until_us` (CLOCK_BOOTTIME; 0: for ever). Returns its
// number with *ret filled, or 0 at the end of the time or where something else came between.
int signals_wait(const sigset_t *set, int64_t until_us, siginfo_t *ret);
