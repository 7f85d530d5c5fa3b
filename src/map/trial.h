// SPDX-License-Identifier: Apache-2.0
// trial: the script once on a dataset, to see what it takes; neither run nor journal comes of it.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "map/launch.h"

struct trial {
    int status;      // as wait(2) gives it
    int signal;      // that asked us to stop meanwhile, or 0
    int timed_out;   // it was ended at the limit
    int64_t wall_us; // from its start to its end
    int64_t cpu_us;  // of it and of the processes that it waited for
    int64_t peak_kb; // the most that one of them had in memory (getrusage(2), ru_maxrss)
};
// Starts the task and waits; what it leaves running in its process group is killed. A signal that asks this
// process to stop (INT, TERM, HUP, QUIT) is passed on, and the task killed two seconds later. Only
// the main thread may call it. `timeout_us` 0: no limit. Returns 0, or -1 with err if nothing was started.
int trial_run(struct launch *launch, const struct launch_task *task, int64_t timeout_us,
              struct trial *ret, struct err *err);
