// SPDX-License-Identifier: Apache-2.0
// program: what is to be run: whether it is a script of Python's, and, for run, exec and alloc, one that
// cannot be executed, with the statuses that shells give: 126 not executable, 127 not found.
#pragma once

#include "cli/cli.h"

// A name that ends in .py, or a path to what is started by lopin itself ("#!/usr/bin/env -S lopin run"): to
// execute that would be to begin anew without end.
int program_is_python(const char *path);
// It was not found, by err; says so. Returns the status.
int program_not_found(const struct cli *cli, const struct err *err);
// The system refused to execute it, with errno; says so. Returns the status.
int program_refused(const struct cli *cli, const char *path, int errnum, struct err *err);
