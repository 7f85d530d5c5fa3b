// SPDX-License-Identifier: Apache-2.0
// parcels: how many jobs a run becomes. Pure arithmetic: what the cluster and the site allow is said by
// ceilings, each with its words.
//
// The rule of auto. More parcels end sooner, and each costs Slurm a job and the run an agent:
//   - a parcel has a dataset for each of its slots, or it has slots for nothing;
//   - how long a dataset takes is known: a parcel is not shorter than the site's shortest job, or ten
//     minutes, and there are as many of them as the datasets need in the time of a job;
//   - it is not known: up to 8 datasets a slot may each be hours, so that each slot gets one (40 datasets
//     in slots of 8 are 5 parcels); of more, the square root counts: 1,000 are 32 parcels with 4 datasets
//     a slot, 100,000 are 317 with 39;
//   - no more than can run at once, but for what the time of a job does not hold;
//   - no more than may be submitted: what is left then is for later submissions.
// What is asked for in numbers does not bend: over a ceiling of what may be submitted it is [over-limit].
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct ceiling {
    unsigned long most;
    char *why; // "MaxSubmitJobs", translated; ours
};
struct ceilings { // zero-initialise to begin; free with ceilings_free
    struct ceiling *item;
    size_t count, room;
};
// Takes `why` over.
void ceilings_add(struct ceilings *ceilings, unsigned long most, char *why);
// NULL: there is none.
const struct ceiling *ceilings_least(const struct ceilings *ceilings);
void ceilings_free(struct ceilings *ceilings);
#define CLEANUP_CEILINGS CLEANUP(ceilings_free)

struct parcels_ask {
    size_t datasets;                    // at least 1
    unsigned slots;                     // of a parcel, all its nodes together; at least 1
    size_t chunk;                       // --chunk; 0: auto
    unsigned long parcels;              // --parcels: at once; 0: auto
    int64_t task_us;                    // of a dataset, as known before; 0: not known
    int64_t time_us;                    // of a job; 0: not known
    int64_t least_us;                   // of a job that the site wants; 0: none
    struct ceilings submitted, running; // of parcels
};
struct parcels {
    unsigned long count;   // elements of the array
    unsigned long at_once; // its %N; 0: none
    size_t chunk;          // datasets of a parcel at most; 0: as many as its time holds
    unsigned long needed;  // that the time of a job asks for; 0: not known
    int is_short;          // a parcel may be shorter than the site's shortest job
    char *why;             // what set `count`, translated; ours
};
// Returns 0, or -1 with [over-limit] and the line to type.
int parcels_plan(const struct parcels_ask *ask, struct parcels *ret, struct err *err);
void parcels_done(struct parcels *parcels);
#define CLEANUP_PARCELS CLEANUP(parcels_done)
