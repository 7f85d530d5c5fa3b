// SPDX-License-Identifier: Apache-2.0
// jobs_cache: the queue and its like as answers that are kept (answers.h): squeue for all jobs of the user
// at most once a minute.
//
// A job that was submitted after the answer (answers_said.asked_s) and is not in it has just been
// submitted: that it is absent says nothing.
#pragma once

#include "sched/accounts.h"
#include "sched/answers.h"
#include "sched/detail.h"
#include "sched/jobs.h"

enum { JOBS_FRESH_US = 60000000 };
// All jobs of this user. `oldest_us`: of the answer while another asks. ret_said->out is read into ret.
int jobs_cache_all(const struct answers *answers, int64_t oldest_us, struct jobs *ret,
                   struct answers_said *ret_said, struct err *err);
// The same, as it is kept: nothing is asked. Up to that age.
int jobs_cache_kept(const struct answers *answers, int64_t oldest_us, struct jobs *ret,
                    struct answers_said *ret_said, struct err *err);
// The same, asked now.
int jobs_cache_now(const struct answers *answers, struct jobs *ret,
                   struct answers_said *ret_said, struct err *err);
// One job, or the whole array that it is of, by its number: for one that is not in the other answer. That
// Slurm does not know it is no error: *ret is empty.
int jobs_cache_job(const struct answers *answers, uint32_t job, struct jobs *ret,
                   struct answers_said *ret_said, struct err *err);
// What scontrol says of one job.
int jobs_cache_detail(const struct answers *answers, const char *job, struct detail *ret,
                      struct err *err);
// What the accounts have of a job "8124", of a whole array, or of an element "8124_3". No error, and nothing is asked, where there are none;
// *ret_exist says so.
int jobs_cache_accounts(const struct answers *answers, const char *job, struct accounts *ret,
                        int *ret_exist, struct err *err);
// What one that runs, by its own number, has used so far: only cpu_us and memory_kb of *ret are set.
int jobs_cache_live(const struct answers *answers, uint32_t id, struct account *ret,
                    struct err *err);
// For how long Slurm remembers a job that has ended, MinJobAge. 0: not said.
int64_t jobs_cache_memory_us(const struct answers *answers);
