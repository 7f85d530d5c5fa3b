// SPDX-License-Identifier: Apache-2.0
// job_time: how long the job that we are in may still run.
#pragma once

#include <stdint.h>

#include "base/vars.h"

// By SLURM_JOB_END_TIME, which later versions of Slurm set, else by squeue(1), once. Microseconds, 0: no end is known.
int64_t job_time_left(const struct vars *vars);
