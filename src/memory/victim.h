// SPDX-License-Identifier: Apache-2.0
// victim: whom the kernel takes when memory is short: a task, and not the runner or its keeper.
#pragma once

#include <stdint.h>

struct victim { // victim_open it
    int fd;
    int64_t raised_us; // the last start (CLOCK_BOOTTIME), or 0: our own score stands
    char own[16], task[16];
};
void victim_open(struct victim *victim); // where it is refused, the others do nothing
void victim_close(struct victim *victim);
// Before the start of a task, which inherits the score.
void victim_raise(struct victim *victim);
// Puts our own score back a moment after the last start. Returns when it has to be called again,
// or INT64_MAX.
int64_t victim_tend(struct victim *victim, int64_t now);
