// SPDX-License-Identifier: Apache-2.0
// slurm_line: what a line asks of Slurm, as sbatch and salloc take it.
#pragma once

#include "cli/cli.h"
#include "sched/slurm.h"

// Adds the options: "--cpus-per-task=4", "--time=01:00:00", "--partition=c-iq"... `name`: of the job where
// the line gives none. Returns 0, or -1 with [usage].
int slurm_line_options(const struct cli *cli, const char *name, struct strv *into,
                       struct err *err);
// What a command of Slurm, and a job, inherits of our environment.
void slurm_line_vars(const struct cli *cli, struct vars *ret);
// Why Slurm refused the line, in the words of its limits where sinfo shows that one is passed, else in
// its own. Returns -1 with [over-limit], [refused].
int slurm_line_refused(const struct cli *cli, const char *command,
                       const struct slurm_answer *answer, struct err *err);
// Adds the options that lead another lopin to the environment and the interpreter of this line: "--env"
// "DIR". `is_python`: a script that needs one, which is then found now. `partitions`: whose processors it
// must fit ([cpu-level]), or NULL. Returns 0, or -1 with err.
int slurm_line_env(const struct cli *cli, int is_python, const struct strv *partitions,
                   struct strv *into, struct err *err);
// Adds what keeps another lopin in the job from what files say of cores: it has all of the job's.
void slurm_line_inner(struct strv *into);
