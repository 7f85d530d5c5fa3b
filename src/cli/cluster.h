// SPDX-License-Identifier: Apache-2.0
// cluster: what the cluster says of itself and of us, before a job is submitted: few calls, each with a
// short time, and none after one that had no answer. What is not known limits nothing.
#pragma once

#include "cli/cli.h"
#include "plan/parcels.h"
#include "sched/limits.h"
#include "site/site_slurm.h"

struct cluster { // zero-initialise to begin; free with cluster_free
    // What a job asks for, by its options; who submits may say more (cores of each node).
    struct limits_ask job;
    int whole_memory; // --mem=0: all of each node
    struct slurm_config config;
    struct partitions partitions;
    struct bounds bounds;
    int64_t queued;  // jobs of ours that wait or run; -1: not known
    int is_kept;     // the accounting's part is of up to an hour ago
    struct err mute; // why it gave no answer; code 0: it did
    struct strv options;
    const char *account, *qos; // of the options; NULL: not said
};
// `options`: as sbatch takes them ("--partition=c-iq"). `fresh`: nothing that was kept. The database of the
// accounting takes half a second for what changes a few times a year, so its answers are kept for an hour;
// nothing is refused by them.
void cluster_ask(const struct cli *cli, const struct strv *options, int fresh,
                 struct cluster *ret);
void cluster_free(struct cluster *cluster);
#define CLEANUP_CLUSTER CLEANUP(cluster_free)

// Before a job is submitted: whether the cluster answers at all. Returns 0, or -1 with [slurm-silent],
// [no-slurm].
int cluster_answers(const struct cluster *cluster, struct err *err);
// Whether the job could start at all; if not by what was kept, all is asked again. Returns 0, or -1 with
// [over-limit], [refused].
int cluster_check(const struct cli *cli, struct cluster *cluster, struct err *err);
// The partitions of the job, else the cluster's own. Adds none if it is not known.
void cluster_partitions(const struct cluster *cluster, struct strv *ret);
// What the site says of jobs; never NULL.
const struct site_slurm *cluster_site(const struct cli *cli);
// How many parcels may be, by all that is known. The ceilings of ask are filled; they need ceilings_free.
void cluster_ceilings(const struct cli *cli, const struct cluster *cluster,
                      struct parcels_ask *ask);
// Advice for --dry-run, a line each: what the jobs cost at most, the step of the site's queues that the
// time falls into, that they may be shorter than the site wants.
void cluster_advise(const struct cli *cli, const struct cluster *cluster,
                    const struct parcels *parcels, struct strv *ret);
