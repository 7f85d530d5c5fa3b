// SPDX-License-Identifier: Apache-2.0
// crew: who computes a run by jobs of Slurm, and who will: its parcels by their claims (run/claims.h), its
// jobs by what was submitted (run/submission.h) and what squeue says of it (sched/jobs.h).
//
// A claim is the truth about a parcel: Slurm's answer may be a minute old, and a job that it gave up may
// still run. Slurm tells of jobs that have no parcel yet, and why one ended. Nothing here asks it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "run/claims.h"
#include "run/saved.h"
#include "run/submission.h"
#include "sched/jobs.h"

enum crew_way {
    CREW_UNKNOWN, // Slurm did not say
    CREW_NEW,     // submitted after it was asked
    CREW_WAITS,   // in its queue
    CREW_BEGINS,  // it runs for Slurm, and its parcel is not there yet
    CREW_WORKS,   // its parcel is alive
    CREW_ENDED,   // nothing more comes of it
    CREW_WAYS
};
struct crew_job { // a job, or an element of an array
    const struct submission *submission;
    uint32_t element; // JOBS_WHOLE: of a job that is none
    enum crew_way way;
    const struct slurm_job *said; // NULL: squeue does not have it
    const struct parcel_look
        *parcel; // its last, of several nodes the one that lived longest; NULL
};
struct crew {                   // zero-initialise to begin; free with crew_free
    struct parcel_look *parcel; // all that began
    size_t parcels;
    struct submission *submission;
    size_t submissions;
    unsigned round;       // the last that was handed to Slurm; 0: none was
    int is_in_force;      // no later one has ended it
    size_t count;         // datasets in it
    size_t done, failed;  // of the run, before it
    int64_t since_us;     // Unix time of its first submission; 0: not known
    size_t alive;         // parcels
    struct crew_job *job; // of that round
    size_t jobs;
    size_t *of;               // of each parcel: index of its job, or SIZE_MAX
    size_t in_way[CREW_WAYS]; // of jobs
    int is_known;             // squeue was asked
};
// What the run's folder tells; all of its jobs that have no parcel are CREW_UNKNOWN.
void crew_read(int run_dir, struct crew *ret);
// Whether squeue could tell more: a job has no parcel, or one that did not come to its end.
int crew_wants_queue(const struct crew *crew);
// By squeue, asked at that Unix time. `queue` must outlive the crew.
void crew_match(struct crew *crew, const struct jobs *queue, int64_t asked_s);
// How many jobs may still come to compute the run.
size_t crew_awaited(const struct crew *crew);
// Says in saved->parcels and saved->awaited who computes it and who will: nobody where nothing is left.
void crew_settle(const struct crew *crew, struct saved *saved);
// What a parcel that is gone had begun does not run: it was cut off.
void crew_cut_off(const struct crew *crew, struct saved *saved);
// Whether nothing of it is left to compute, whatever jobs there are.
int crew_is_finished(const struct crew *crew, const struct state *state);
// Cores that the parcels that are alive have, and tasks may use at once.
void crew_size(const struct crew *crew, const struct saved *saved, unsigned *ret_cores,
               unsigned *ret_slots);
// How long the rest will take with the parcels that are alive, by how long they needed so far; -1: not
// known.
int64_t crew_left_us(const struct crew *crew, const struct saved *saved, int64_t now_us);
const struct crew_job *crew_job_of(const struct crew *crew, const struct parcel_look *parcel);
// Where one is, or was: as Slurm calls the node, else its host.
const char *crew_node(const struct crew *crew, const struct parcel_look *parcel);
void crew_free(struct crew *crew);
#define CLEANUP_CREW CLEANUP(crew_free)

enum crew_fate {
    FATE_REFUSED, // a parcel could not begin, and said why
    FATE_NODE,    // its node failed
    FATE_TIME,    // its time was over
    FATE_MEMORY,  // more than its memory
    FATE_CANCELLED,
    FATE_PREEMPTED,
    FATE_NEVER,  // its script could not be started
    FATE_STATUS, // its script ended without a parcel, with that status
    FATE_GONE,   // Slurm has forgotten it, and it had no parcel
    FATE_DIED,   // a parcel, and nobody says of what
    FATE_LEFT,   // it ended in order, and left datasets to others
};
struct crew_trouble { // of parcels or jobs that went the same way
    enum crew_fate fate;
    int code; // enum err_code
    size_t count;
    int status;                   // FATE_STATUS
    const char *why;              // FATE_REFUSED: words; else ""
    const char *node;             // of the first; "": not known
    const struct crew_job *first; // whose log tells more; NULL
};
// Yours; what is in it is of the crew. *ret_count may be 0 (then NULL). The most frequent first.
struct crew_trouble *crew_troubles(const struct crew *crew, int run_dir, size_t *ret_count);
// Name of the file in the run's folder that Slurm wrote for a job (NULL: none). Yours; NULL: it is not there.
char *crew_log(int run_dir, const struct crew_job *job);
