// SPDX-License-Identifier: Apache-2.0
// env_lock: a lock written, for `env lock` and `init`.
#pragma once

#include "cli/cli.h"

// Solves what options and words ask for, for each interpreter of --python, and writes `path` (absolute;
// "-": stdout). `shown`: the path for messages. `may_be_empty`: nothing may be asked for. Returns 0, or -1 with err and nothing written.
int env_lock_write(struct cli *cli, const char *path, const char *shown, int may_be_empty,
                   struct err *err);
