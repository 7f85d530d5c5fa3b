// SPDX-License-Identifier: Apache-2.0
// threads_watch: `lopin threads --watch`: a look each second until the processes end or the person leaves.
#pragma once

#include "cli/cli.h"
#include "cli/threads_show.h"

// A whole screen on a terminal, with --json an object a line, else a line a second. Returns 0, or -1 with err.
int threads_watch(const struct cli *cli, struct scene *scene, struct threads_target *target,
                  struct err *err);
