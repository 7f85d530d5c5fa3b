// SPDX-License-Identifier: Apache-2.0
// job: what Slurm's variables give this process on this node.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/vars.h"

// Logical CPUs; 0 if they say nothing. `vars` may be NULL.
size_t job_cpus(const struct vars *vars);
// Memory: SLURM_MEM_PER_NODE, or SLURM_MEM_PER_CPU for each of our CPUs; of several tasks of one step
// each has its part. 0 if they say nothing.
int64_t job_memory_kb(const struct vars *vars);
