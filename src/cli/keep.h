// SPDX-License-Identifier: Apache-2.0
// keep: the processes above a runner: its keeper, and with --detach the one at the terminal, which
// goes once the run has begun.
#pragma once

#include "cli/cli.h"
#include "map/run.h"
#include "run/folder.h"

struct keep {  // of the runner
    int begun; // --detach: to the process at the terminal; -1: there is none
    int run_dir;
    struct runner_listener inner;
};
// Before owner_take: the process that called goes on above, a child of it as the runner. Returns
// 1 in the runner; 0 in a process above, with the exit status that is left to hand on; -1 with
// err.
int keep_fork(struct keep *keep, const struct cli *cli, const struct folder *folder,
              int *ret_status, struct err *err);
// What the runner tells, through `inner`: with --detach its first task is where the run has
// begun. From then on all talk goes to the file `talk` of the run's folder.
struct runner_listener keep_listener(struct keep *keep, struct runner_listener inner);
