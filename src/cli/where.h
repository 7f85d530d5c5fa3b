// SPDX-License-Identifier: Apache-2.0
// where: whether a line runs on this machine (or in the allocation that we are in) or through Slurm.
#pragma once

#include "cli/cli.h"
#include "run/spec.h"

enum where {
    WHERE_LOCAL,
    WHERE_SLURM,
    WHERE_EITHER, // through Slurm if there is any (alloc)
};
// By --slurm and --local, the allocation that we are in, `where`. Returns 0, or -1 with [usage].
int where_find(const struct cli *cli, enum command command, enum where *ret, struct err *err);
// For a run that goes on: as the line says, else as the run was.
int where_of_run(const struct cli *cli, const struct spec *spec, enum where *ret,
                 struct err *err);
// Of what only Slurm has the line says something that runs here: run refuses it ([usage]), map and
// alloc say that it does not count, and alloc refuses more than one node ([over-limit]).
int where_check_local(const struct cli *cli, enum command command, struct err *err);
// Whether this process is in an allocation of Slurm.
int where_is_inside(const struct cli *cli);
// The number of that job, of an array the array's; NULL: there is none. Borrowed.
const char *where_job(const struct cli *cli);
// A number that Slurm tells a job in that variable; `other` where it does not.
unsigned long where_number(const struct cli *cli, const char *name, unsigned long other);
