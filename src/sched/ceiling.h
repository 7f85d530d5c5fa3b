// SPDX-License-Identifier: Apache-2.0
// ceiling: how many parcels a cluster and its site allow, submitted and at once, each with its words
// (plan/parcels.h).
#pragma once

#include "plan/parcels.h"
#include "sched/limits.h"
#include "site/site_slurm.h"

struct ceiling_ask {
    const struct slurm_config *config;
    const struct partitions *partitions;
    const struct bounds *bounds;
    const struct site_slurm *site;
    const struct limits_ask *job; // of one parcel; its cores are of a node
    int64_t queued;               // jobs of the user that wait or run; -1: not known
};
void ceilings_of_cluster(const struct ceiling_ask *ask, struct ceilings *submitted,
                         struct ceilings *running);
