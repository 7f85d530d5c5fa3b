// SPDX-License-Identifier: Apache-2.0
// explain_job: `lopin explain JOB`: why it waits, how it runs, why it ended, and what to type.
#pragma once

#include "cli/cli.h"
#include "cli/job_facts.h"

// Of the jobs that the word names: "8124", "8124_3", "job:8124". Returns the exit status, or -1 with err.
int explain_job(struct cli *cli, const char *word, struct err *err);
// Of the jobs of a run, "last" or any; where it has none, [no-run].
int explain_run(struct cli *cli, const char *run, struct err *err);
// Without a word: the jobs of the last run that has any; else all that are queued. Returns 1, with
// nothing said: there is no Slurm here.
int explain_own(struct cli *cli, struct err *err);

// explain_text.c: adds what was found, in lines with labels: one job, or the elements of an array.
void explain_text_job(struct str *into, const struct cli *cli, const struct job_facts *facts,
                      const char *name);
// explain_array.c
void explain_text_array(struct str *into, const struct job_facts *facts);
// Of all jobs, a line each, or a few for an array.
void explain_text_all(struct str *into, const struct job_facts *facts);
void explain_text_age(struct str *into, const struct job_facts *facts);

// explain_groups.c: a group of elements for whom the same is to be said.
struct explain_group {
    const struct slurm_job *first;
    size_t count;
    uint32_t *element; // yours, rising
    int code;          // of an error, for those that ended
};
struct explain_groups { // zero-initialise to begin; free with explain_groups_free
    struct explain_group *item;
    size_t count, room;
};
void explain_groups_make(const struct slurm_job *job, size_t count, struct explain_groups *ret);
void explain_groups_free(struct explain_groups *groups);
#define CLEANUP_GROUPS CLEANUP(explain_groups_free)

// explain_json.c: one object a line: of a job, or of an array; for NULL of each job of the queue.
int explain_json(const struct cli *cli, const struct job_facts *facts, const char *name,
                 struct err *err);
