// SPDX-License-Identifier: Apache-2.0
// successor: where a parcel's time is over before the run's work, it hands one further job to Slurm in its
// own place: by the same script, which another parcel begins.
#pragma once

#include "cli/cli.h"
#include "map/part.h"
#include "map/run.h"
#include "run/saved.h"

// Submits one if the parcel ended by its time, with something done in it, and something is left for others.
// Says what came of it; where the site refuses, `lopin resume` goes on later.
void successor_submit(struct cli *cli, const struct saved *saved, struct part *part,
                      const struct run_result *result);
