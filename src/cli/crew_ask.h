// SPDX-License-Identifier: Apache-2.0
// crew_ask: Slurm's queue for who looks at runs: the answer that is kept, and where that is too old a
// process aside that asks, so that a silent Slurm holds nobody up.
#pragma once

#include <sys/types.h>

#include "cli/cli.h"
#include "sched/jobs_cache.h"

struct crew_queue { // zero-initialise to begin; free with crew_queue_free
    struct jobs jobs;
    struct answers_said said;
    int is_known;      // squeue's answer is there, however old
    struct err silent; // why Slurm has not answered since; code 0: it did
    pid_t asker;
    int64_t read_us, tried_us, began_us;
};
// Brings it up to date, and waits so long for that: 0: not at all. Never fails.
void crew_queue_look(const struct cli *cli, struct crew_queue *queue, int64_t wait_us);
// What is kept, and nothing is asked.
void crew_queue_kept(const struct cli *cli, struct crew_queue *queue);
// Asks now. Returns 0, or -1 with err.
int crew_queue_now(const struct cli *cli, struct crew_queue *queue, struct err *err);
void crew_queue_free(struct crew_queue *queue);
#define CLEANUP_QUEUE CLEANUP(crew_queue_free)
