// SPDX-License-Identifier: Apache-2.0
// shape: a run cut for the cluster and its site: how many parcels, what chunks they claim, and whether their
// jobs could start at all, with this environment.
#pragma once

#include "cli/begin.h"
#include "cli/cluster.h"
#include "run/round.h"

struct shape { // zero-initialise to begin; free with shape_free
    struct cluster cluster;
    struct parcels parcels;
};
// Cuts the round, whose order is there, into chunks; begin->spec has cores, slots and the options of sbatch.
// Returns 0, or -1 with [over-limit], [refused], [cpu-level] and the line to type.
int shape_round(const struct begin *begin, struct round *round, struct shape *ret,
                struct err *err);
void shape_free(struct shape *shape);
// Says how the run was cut and why; with `advice` also what it may cost and what another -t would change
// (--dry-run).
void shape_say(const struct begin *begin, const struct shape *shape, int advice);
