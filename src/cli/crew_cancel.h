// SPDX-License-Identifier: Apache-2.0
// crew_cancel: ends what jobs of Slurm compute of a run.
#pragma once

#include "cli/cli.h"
#include "run/folder.h"

// Its jobs are cancelled, its parcels end their tasks, and a job that begins late finds nothing to do.
// Returns 0, or -1 with err: [slurm-silent] with what was done all the same, [refused].
int crew_cancel(const struct cli *cli, const struct folder *folder, struct err *err);
