// SPDX-License-Identifier: Apache-2.0
// submission: what of a run was handed to Slurm: the file `job.J` of the run's folder, J being the number that
// Slurm gave the job (docs/formats.md).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct submission {
    char job[24];     // its number
    unsigned round;   // of the run
    unsigned parcels; // elements of its array; 1: it is none
    unsigned nodes;   // of each
    unsigned cores;   // on each node
    int64_t time_us;  // its limit, 0: the partition's
    int64_t at_us;    // Unix time
};
int submission_save(const struct submission *submission, int run_dir, struct err *err);
// Whether the run has one of that job.
int submission_is_of(int run_dir, const char *job);
// All of a run, the first first. Yours. *ret_count may be 0 (then NULL).
struct submission *submission_list(int run_dir, size_t *ret_count);
