// SPDX-License-Identifier: Apache-2.0
// env_mend: an environment whose packages are links to what is gone gets them again: of the same file
// where the store has it, else from the wheels that there are, in the same versions.
#pragma once

#include "cli/cli.h"
#include "env/python.h"
#include "env/site.h"

// `python`: of the environment. Says what was mended. Returns 0, or -1 with [no-wheel]... and nothing
// changed.
int env_mend(const struct cli *cli, const struct python *python, const struct site *site,
             struct err *err);
