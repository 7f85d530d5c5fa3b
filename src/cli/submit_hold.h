// SPDX-License-Identifier: Apache-2.0
// submit_hold: `map --slurm --no-submit`: the run and its job script, and no job.
//
// Within a job that was submitted by hand it is the run of that job: the first of its elements that starts
// makes it, the others find it. So a script that --dry-run printed runs by hand.
#pragma once

#include "cli/begin.h"
#include "cli/cli.h"

// Whether the line is one of a job that is there already.
int submit_hold_is_inside(const struct cli *cli);
// Prints the path of the script of this job's run. Returns 1, 0 if there is none yet, or -1 with err.
int submit_hold_find(const struct cli *cli, struct err *err);
// Makes the run, if no other element of the job has done so meanwhile, and prints that path. Returns 0, or
// -1 with err.
int submit_hold(struct begin *begin, struct err *err);
