// SPDX-License-Identifier: Apache-2.0
// victim: whom the kernel takes when memory is short: a task, and not the runner or its keeper.
#pragma once

struct victim { // victim_open it
    int fd;
    char own[16], task[16];
};
void victim_open(struct victim *victim); // where it is refused, the others do nothing
void victim_close(struct victim *victim);
// Around the start of a task, which inherits the score. A microsecond each.
void victim_raise(const struct victim *victim);
void victim_restore(struct victim *victim);
