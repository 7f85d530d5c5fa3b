// SPDX-License-Identifier: Apache-2.0
// job_words: how a job of Slurm ended, in words.
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "sched/job_view.h"

// Why a job that lopin submitted did not end by itself, and the line to type. Returns 0 if it did, 1 with
// err filled.
int job_words_error(const struct job_view *view, const struct job_end *end, const char *job,
                    struct err *err);
// The name of the error that the end of a job is; ERR_NONE: it ended well. `end`: NULL if there is none.
int job_words_code(const struct job_view *view, const struct job_end *end);
// Adds it as a clause: "its time was over", "it ended with status 5".
void job_words_add(struct str *into, const struct job_view *view, const struct job_end *end);
// Adds "8124_4-9,11": the elements of an array as sbatch has them. Rising; `most` of the ranges, then
// "...".
void job_words_elements(struct str *into, const uint32_t *element, size_t count, size_t most);
