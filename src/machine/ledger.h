// SPDX-License-Identifier: Apache-2.0
// ledger: which physical cores lopins hold now, of all users of this machine, without a daemon.
//
// A file of no bytes in shared memory; who has a core holds an open file description lock
// (fcntl(2), F_OFD_SETLK) on one byte of it, which the kernel releases at death. The file is
// never read or written. It is advisory: who can lock bytes can lock them all. A lopin inside
// of a parcel (level 1 and above) has other bytes than its parent, so that it never waits for
// it and still shares the parcel with those beside it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "machine/cpuset.h"

#define LEDGER_PATH   "/dev/shm/lopin-cores"
#define LEDGER_LEVELS 16

struct ledger { // zero-initialised: there is none
    int fd;
    unsigned level;
};
// Opens the ledger, and makes it if it is not there. Whatever else stands in its place (a link,
// a folder, a FIFO, a file of other mode or with other names) is neither followed nor waited
// for: -1 with err, and nothing was changed.
int ledger_open(const char *path, unsigned level, struct ledger *ret, struct err *err);
// The cores, by struct core's id, that others hold.
void ledger_busy(const struct ledger *ledger, struct cpuset *ret);
// Returns 1 if the core is ours now (or was), 0 if another has it.
int ledger_take(const struct ledger *ledger, unsigned core);
void ledger_leave(const struct ledger *ledger, unsigned core);
// Whether the path still leads to this file; if it does not, others no longer see our locks.
int ledger_is_there(const struct ledger *ledger, const char *path);
// The right to gather cores for a wide parcel while others hold some: on the whole machine one has
// it at a time, so that two never wait for each other's. Returns 1 if it is ours (or was).
int ledger_take_turn(const struct ledger *ledger);
void ledger_leave_turn(const struct ledger *ledger);
// Places are for what is shared by number and not by name: the CPUs' worth of time of a control
// group, whose `key` is the same for all who are in it. It has places 0 to `count` - 1.
size_t ledger_places_busy(const struct ledger *ledger, uint64_t key, size_t count);
// Takes up to `wanted` of them and leaves what was ours beyond. Returns how many are ours.
size_t ledger_take_places(const struct ledger *ledger, uint64_t key, size_t count,
                          size_t wanted);
// Lets the locks outlive execve(2): the program that this process becomes holds them.
void ledger_keep(const struct ledger *ledger);
void ledger_close(struct ledger *ledger);
