// SPDX-License-Identifier: Apache-2.0
// crew_words: who computes a run by jobs, in lines and as JSON.
#pragma once

#include "cli/crew_look.h"
#include "cli/json_text.h"
#include "run/report.h"

// Lines with labels: parcels that compute, jobs that are to come and why they wait, what became of parcels
// and jobs that did not do their part, and where that is written. Nothing for a
// run that no job was handed over for.
void crew_add(struct str *text, const struct cli *cli, const struct saved *saved,
              const struct crew *crew, const struct crew_queue *queue);
// Says all of it with what the summary says, on stderr: what ends a run.
void crew_say(const struct cli *cli, const struct saved *saved, const struct report *report,
              const struct crew *crew, const struct crew_queue *queue);
// ", about 1h40m left" where it is known.
void crew_add_left(struct str *text, const struct saved *saved, const struct crew *crew);
// "5 parcels, 80 cores, on n1, n3   3 jobs wait: Priority": a line for a screen.
void crew_add_short(struct str *text, const struct saved *saved, const struct crew *crew,
                    const struct crew_queue *queue);
// Members "parcels", "jobs", "slurm" and "left_s"; null where no job was handed over.
void crew_put_json(json_t *object, const struct saved *saved, const struct crew *crew,
                   const struct crew_queue *queue);
