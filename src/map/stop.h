// SPDX-License-Identifier: Apache-2.0
// stop: how running tasks are ended: a signal to the whole process group, time to save what
// they have, SIGKILL.
#pragma once

#include <stdint.h>

#include "map/task.h"

#define STOP_GRACE_US 10000000 // from SIGTERM to SIGKILL

// Asks all tasks to end, for a reason: the first one given to a task stands. SIGKILL follows at
// `kill_us` (CLOCK_BOOTTIME).
void stop_all(struct workshop *workshop, enum why why, int64_t kill_us);
// Ends one at once.
void stop_kill(struct task *task, enum why why);
void stop_kill_all(struct workshop *workshop, enum why why);
// A signal that warns of the end: to the group, or to its first process only. What ends badly
// from now on ends for this reason.
void stop_warn(struct workshop *workshop, enum why why, int number, int first_only);
// Ends tasks that had more time than --timeout, kills those whose grace is over. Returns when
// it has to be called again, or INT64_MAX.
int64_t stop_tend(struct workshop *workshop, int64_t now);
