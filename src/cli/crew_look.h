// SPDX-License-Identifier: Apache-2.0
// crew_look: who computes a run and who will, as commands see it.
#pragma once

#include "cli/crew_ask.h"
#include "crew/crew.h"

#define CREW_WAIT_US INT64_C(1500000) // a person waits

// What Slurm knows of a crew that was read (crew_read) before the journals of its run were: what ends
// meanwhile is then seen to have ended. It is asked, for so long, only where it may know more than the
// run's files do. saved is settled. `queue` must outlive the crew.
void crew_look(const struct cli *cli, struct saved *saved, struct crew_queue *queue,
               int64_t wait_us, struct crew *crew);
// The same of a run for which nobody is waited any more: by what is kept of Slurm's answers, and no job is
// to come.
void crew_end(const struct cli *cli, struct saved *saved, struct crew_queue *queue,
              struct crew *crew);
// Of a folder alone, by what Slurm says now: how many parcels compute it and jobs are to come. `queue` is
// asked if it is not known yet; where Slurm is silent what parcels say counts.
size_t crew_count(const struct cli *cli, const struct folder *folder, struct crew_queue *queue);

struct
    vigil { // over a run until nobody computes it; zero-initialise to begin; free with vigil_free
    struct crew_queue queue;
    struct crew crew;
    int64_t looked_us;
    int64_t alone_s; // Unix time since when nobody computes it
    struct err lost; // nobody can tell
};
// Returns 1 while somebody computes it or will, else 0. What saved->state says of it must be up to date. May
// be called as often as wanted.
int vigil_look(struct vigil *vigil, const struct cli *cli, struct saved *saved);
void vigil_free(struct vigil *vigil);
#define CLEANUP_VIGIL CLEANUP(vigil_free)
