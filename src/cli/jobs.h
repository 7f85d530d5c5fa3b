// SPDX-License-Identifier: Apache-2.0
// jobs: the jobs of Slurm that compute a run.
#pragma once

#include "cli/cli.h"
#include "dataset/datasets.h"
#include "run/folder.h"

// A job of ours that has the script of a run's folder, in Slurm's queue now: 1 with its number in *ret_job (yours), 0 if there
// is none, -1 if Slurm does not answer.
int jobs_of_script(const struct cli *cli, const struct folder *folder, char **ret_job);
// Whether none computes the run or, where it goes on by_jobs, waits to: else -1 with [run-busy]. Slurm is
// asked; where it does not answer, what parcels say of themselves counts. (Where it goes on here, those that
// wait find nothing to do: jobs_fence.)
int jobs_check_idle(const struct cli *cli, const struct folder *folder, int by_jobs,
                    struct err *err);
// From here on no job of a run computes it: one that begins late finds nothing to do. Returns 0, or -1 with err.
int jobs_fence(int run_dir, struct err *err);
