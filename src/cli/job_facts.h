// SPDX-License-Identifier: Apache-2.0
// job_facts: all that can be found out of a job of Slurm: of the queue, the accounts, scontrol, and the
// record that a job of lopin leaves. Each is asked seldom (sched/jobs_cache.h).
#pragma once

#include "cli/cli.h"
#include "sched/jobs_cache.h"

struct job_facts { // zero-initialise to begin; free with job_facts_free
    struct jobs jobs;
    struct accounts accounts;
    struct answers_said said;    // when squeue said it
    const struct slurm_job *job; // of jobs: the elements that were asked for, in a row
    size_t count;
    struct detail detail; // of a job alone
    struct account
        used;           // of a job alone: cpu_us, memory_kb, paid_kb, by; elapsed_s if has_used
    struct job_end end; // of a job alone
    int has_end, has_accounts;
    int has_used;      // what `used` says is of the accounts, not of a job that still runs
    struct err silent; // why Slurm could not be asked; code 0: it was
};
// Of what a word names: "8124", "8124_3". Returns 0, or -1: [no-run] it is not known, and to whom, or why
// Slurm could not be asked.
int job_facts_find(const struct cli *cli, const char *word, struct job_facts *ret,
                   struct err *err);
// All of the user's jobs that squeue shows; only `jobs` and `said` are filled.
int job_facts_all(const struct cli *cli, struct job_facts *ret, struct err *err);
void job_facts_free(struct job_facts *facts);
#define CLEANUP_JOB_FACTS CLEANUP(job_facts_free)
// The cache's folder as answers_get has it; ret->folder is yours.
void job_facts_answers(const struct cli *cli, struct answers *ret);
