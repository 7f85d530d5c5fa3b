// SPDX-License-Identifier: Apache-2.0
// claims: which parcel of a run computes which chunk of its round: the folder `claims` of the run's.
//
// A parcel has a file there, parcel.P-R (P: its number, R: how often its job was begun again), made and
// touched as `owner` is (owner.h). A chunk is its by a further link(2) to that file, chunk.G.K.N: round G,
// chunk K from 1, generation N. Who finds a chunk whose holder is gone takes its next generation. Whoever
// is followed by a later round, restart or generation has lost what it held: it may record and publish
// nothing more. There is no lock and no server, and a claim costs no file.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/round.h"

#define CLAIMS_FOLDER "claims"
enum { CLAIMS_JOB_SIZE = 64 };

struct claims;
struct claims_ask {
    int run_dir;               // borrowed
    const struct round *round; // borrowed
    const char *job;           // what Slurm calls it on this node: "8124_3.0"; at most 63 bytes
    unsigned parcel;           // its number if no other has it, from 1
    int again;                 // the job was begun again: it fences its earlier start
};
// Makes the parcel's file. claims_free it. NULL with err.
struct claims *claims_new(const struct claims_ask *ask, struct err *err);
unsigned claims_parcel(const struct claims *claims);
unsigned claims_restart(const struct claims *claims);
// The next chunk that nobody has had: 1 with its index in *ret, 0 if there is none, -1 with err.
int claims_next(struct claims *claims, size_t *ret, struct err *err);
// The next chunk whose holder is gone with work left, or died; looks at each once in a call of
// claims_rewind. As claims_next, and takes nothing.
int claims_orphan(struct claims *claims, size_t *ret);
void claims_rewind(struct claims *claims);
// Whether a chunk was had by nobody; takes nothing.
int claims_is_new(struct claims *claims);
// Takes an orphan: 1, 0 if another has it now, -1 with err.
int claims_take(struct claims *claims, size_t chunk, struct err *err);
// Says that we are there. Returns 0, or -1 with [run-busy]: what we had is another's.
int claims_touch(struct claims *claims, struct err *err);
// The same for one chunk of ours, at once. From any thread.
int claims_hold(const struct claims *claims, size_t chunk, struct err *err);
// It is over in order, with so many datasets of its chunks left: others may take them, and for us they are
// now another's.
void claims_leave(struct claims *claims, size_t left);
// It could not begin, for that reason.
void claims_fail(struct claims *claims, const struct err *why);
void claims_free(struct claims *claims);

// A parcel of a run as others see it.
struct parcel_look {
    unsigned parcel, restart, round;
    char job[CLAIMS_JOB_SIZE];
    char host[65];
    long pid;
    int is_here;           // on this host
    int is_alive, is_over; // neither: it died, or its host does not answer
    int is_fenced;         // it was begun again
    size_t left;           // is_over: datasets
    char why[256]; // it could not begin: "[over-limit] 4 cores asked for, 2 are there"; else ""
};
// All parcels that began, by number and restart. Yours. *ret_count may be 0 (then NULL).
struct parcel_look *claims_list(int run_dir, size_t *ret_count);
// Whether any parcel computes the run now.
int claims_is_alive(int run_dir);
