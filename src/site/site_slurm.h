// SPDX-License-Identifier: Apache-2.0
// site_slurm: [slurm] of site.toml: what the site wants of jobs and Slurm does not say
// (lopin-site.toml(5)).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/toml.h"

struct site_slurm {                       // zero: nothing is said; free with site_slurm_free
    const char *partition;                // "": must not be given; NULL: not said
    unsigned partition_line;              // of the file
    const char *account;                  // NULL: not said
    unsigned long max_queued, array_size; // 0: not said
    int64_t least_us;                     // of a job; 0: not said
    int64_t *step_us;                     // ascending
    size_t step_count;
    int64_t core_kb;    // memory that is billed as one core; 0: cores alone are
    int not_from_nodes; // submit-from-nodes = false: a job submits no other
};
// Reads the table. *line becomes that of what is wrong. Returns 0, or -1 with [config].
int site_slurm_read(const struct toml_value *table, struct site_slurm *ret, unsigned *line,
                    struct err *err);
void site_slurm_free(struct site_slurm *slurm);
