// SPDX-License-Identifier: Apache-2.0
// alloc_slurm: an allocation of salloc(1), in which another lopin alloc runs on its first node.
#pragma once

#include "cli/cli.h"

// Returns the exit status, or -1 with err. `program`: NULL for the user's shell on the node.
int alloc_slurm(struct cli *cli, struct err *err);
// Whether there is a cluster to ask. Returns 1, 0, or -1 with [slurm-silent]: there is one, and it does
// not answer.
int alloc_slurm_is_there(const struct cli *cli, struct err *err);
// [usage]: alloc takes programs, and this is for an interpreter. Returns -1.
int alloc_refuse_script(const char *script, struct err *err);
