// SPDX-License-Identifier: Apache-2.0
// held: a program in our terminal, with all that it starts, under limits of time and memory.
//
// What the program leaves running is killed at its end: its cores are then others'. The terminal's
// signals reach it by itself, as it is of our process group; it may be a shell with jobs of its own.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/proc.h"

enum held_event {
    HELD_SOON,   // a minute of its time is left
    HELD_TIME,   // its time is over: HUP, TERM, and KILL half a minute later (Slurm's KillWait)
    HELD_MEMORY, // over its memory: the largest process is killed, as the kernel would
};
struct held {
    int64_t time_us, memory_kb; // 0: no limit
    void (*tell)(void *context, enum held_event event);
    void *context;
};
// Starts the program and stays until its end. `proc`: no group of its own. Returns its status as
// wait(2) gives it, or -1 with errno: it could not be executed.
int held_run(const struct held *held, const struct proc *proc);
