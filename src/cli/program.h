// SPDX-License-Identifier: Apache-2.0
// program: what run, exec and alloc have in common: a program of one's own that cannot be executed, with the
// statuses that shells give: 126 not executable, 127 not found.
#pragma once

#include "cli/cli.h"

// It was not found, by err; says so. Returns the status.
int program_not_found(const struct cli *cli, const struct err *err);
// The system refused to execute it, with errno; says so. Returns the status.
int program_refused(const struct cli *cli, const char *path, int errnum, struct err *err);
