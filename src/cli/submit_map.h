// SPDX-License-Identifier: Apache-2.0
// submit_map: a run computed by jobs of Slurm: its folder, its round, the script of its parcels.
#pragma once

#include "cli/begin.h"
#include "cli/cli.h"

#define SUBMIT_MAP_SCRIPT "job.sh"                  // in the run's folder
char *submit_map_path(const struct folder *folder); // of that script; yours

// What the line says of Slurm, into begin->spec: options of sbatch, parcels, cores. Returns 0, or -1 with
// [usage].
int submit_map_line(struct begin *begin, struct err *err);
// A new run. Returns the exit status, or -1 with err: then nothing was begun.
int submit_map_start(struct begin *begin, struct err *err);
// A new run without a job of ours. `job`: of a job that is there and computes it, or NULL. *ret needs
// folder_free also after failure. Returns 0, or -1 with err: then nothing is left of it.
int submit_map_hold(struct begin *begin, const char *job, struct folder *ret, struct err *err);
// A run that goes on, whose folder we own: what is wanted is a further round. As above.
int submit_map_again(struct begin *begin, const struct folder *folder, struct err *err);
// The script, for `show --sbatch` of a run in `folder`; NULL: for --dry-run, where the job makes the run.
int submit_map_script(struct begin *begin, const char *folder, struct str *into,
                      struct err *err);
