// SPDX-License-Identifier: Apache-2.0
// jobs: all jobs of a user, and each element of an array, from one squeue(1). Its text is not to be
// trusted: a line that is none is left out, and nothing fails by it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "sched/job_view.h"

#define JOBS_WHOLE UINT32_MAX // the element of what is no array
struct slurm_job {
    uint32_t job;     // its number, or that of its array or group of jobs
    uint32_t element; // of it
    uint32_t id;      // the number that it has for itself, which it sees as SLURM_JOB_ID
    char joint;       // between both: '_', '+' of a group (heterogeneous job), 0: no element
    enum job_phase phase;
    unsigned restarts, cpus;
    int code, signal;                  // of its script
    int64_t submit_s, start_s, end_s;  // since 1970; 0: not said. Start and end may be expected
    int64_t time_us;                   // its limit; 0: none, or not said
    const char *state, *reason, *node; // one string for all that say the same
    const char *partition, *dependency;
};
struct jobs {               // zero-initialise to begin; free with jobs_free
    struct slurm_job *item; // by job, then element
    size_t count, room;
    size_t settled;  // of count: those that are in order and can be found
    uint32_t *by_id; // indices, by id
    struct arena arena;
    struct table known; // address of each string
};
// The words of squeue whose output, with times in seconds, jobs_read reads; a user's number follows.
extern const char *const jobs_ask[];
// The same for a job or several, whose numbers follow.
extern const char *const jobs_ask_some[];
void jobs_read(const char *text, struct jobs *ret);
// Adds a job; what it points to must outlive the queue. jobs_settle puts all in order, once no more come.
void jobs_put(struct jobs *jobs, const struct slurm_job *job);
void jobs_settle(struct jobs *jobs);
// The queue's own copy of a text, safe to show; "" for NULL.
const char *jobs_keep(struct jobs *jobs, const char *text);
void jobs_free(struct jobs *jobs);
#define CLEANUP_JOBS CLEANUP(jobs_free)
// The first of the *ret_count jobs that a word names, which stand in a row: "8124" an array with all
// elements that squeue shows, or an element's own number; "8124_3" one. NULL: none. O(log n).
const struct slurm_job *jobs_find(const struct jobs *jobs, const char *word, size_t *ret_count);
// "8124_3". Adds it.
void jobs_add_name(struct str *into, const struct slurm_job *job);
// What one of them is for who asks for one job alone.
void jobs_view(const struct slurm_job *job, struct job_view *ret);
// Whether the word names a job: "8124", "8124_3", "8124+1". Fills what is not NULL.
int jobs_word(const char *word, uint32_t *ret_job, uint32_t *ret_element, char *ret_joint);
