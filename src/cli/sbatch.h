// SPDX-License-Identifier: Apache-2.0
// sbatch: what job scripts of one job and of a run's parcels have in common: their line, their patterns, and
// how they are handed over.
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "cli/cli.h"

// The line as typed, for who reads the script later: "lopin run --slurm fit.py". Yours.
char *sbatch_line(const struct cli *cli);
// Adds "--output=FOLDER/PATTERN" as sbatch reads it: it replaces %j and the like in the pattern, "%%" is a '%'
// of the folder's name, and a backslash would switch all of that off ([usage]).
int sbatch_pattern(const char *option, const char *folder, const char *pattern,
                   struct strv *list, struct err *err);
// Hands the script to sbatch; `array` stands over what it says of that ("1"), NULL: as it says. *ret_job
// (yours): the job's number. Returns 0, or -1 with [refused], [over-limit], [slurm-silent], [no-slurm]; then
// *ret_unsure says whether Slurm may have taken the job all the same. It may be NULL.
int sbatch_send(const struct cli *cli, const char *script, const char *array, char **ret_job,
                int *ret_unsure, struct err *err);
