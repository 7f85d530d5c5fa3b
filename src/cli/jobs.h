// SPDX-License-Identifier: Apache-2.0
// jobs: the jobs of Slurm that compute a run.
#pragma once

#include "cli/cli.h"
#include "dataset/datasets.h"
#include "run/folder.h"
#include "sched/slurm.h"

// Adds the numbers of the user's jobs that have the script of a run's folder, and are in Slurm's queue, which is asked
// for unless `queue` has it already. Returns 0, or -1 if Slurm does not answer.
int jobs_of_script(const struct cli *cli, const struct folder *folder,
                   struct slurm_answer *queue, struct strv *ret);
// Whether none computes the run or, where it goes on by_jobs, waits to: else -1 with [run-busy]. Slurm is
// asked; where it does not answer, what parcels say of themselves counts. (Where it goes on here, those that
// wait find nothing to do: jobs_fence.)
int jobs_check_idle(const struct cli *cli, const struct folder *folder, int by_jobs,
                    struct err *err);
// From here on no job of a run computes it: one that begins late finds nothing to do. Returns 0, or -1 with err.
int jobs_fence(int run_dir, struct err *err);
