// SPDX-License-Identifier: Apache-2.0
// run_wait: stays until nobody computes a run and no job is to come: `wait`, and --wait of lines that go
// through Slurm.
#pragma once

#include "cli/cli.h"
#include "run/folder.h"

// Then says how it stands. Returns the exit status that map gives, 128 and the signal's number for who was
// told to leave, or -1 with err.
int run_wait(const struct cli *cli, unsigned number, struct err *err);
