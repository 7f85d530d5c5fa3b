// SPDX-License-Identifier: Apache-2.0
// submit: one job of Slurm, and the wait for it.
#pragma once

#include <stdint.h>

#include "cli/cli.h"

// `lopin run --slurm SCRIPT WORD...`. Returns the exit status, or -1 with err.
int submit_run(struct cli *cli, struct err *err);

struct submitted {
    char *job;        // its number, as sbatch prints it
    char *folder;     // absolute: .lopin/jobs, with its script and its record
    char *log;        // absolute; NULL: not known
    int64_t log_from; // what stands before it in the log is another job's
};
// submit_wait.c: shows the log as it grows, until the job is over. Returns the status of its script, or -1
// with err: it had none.
int submit_wait(struct cli *cli, const struct submitted *submitted, struct err *err);
