// SPDX-License-Identifier: Apache-2.0
// env_counted: where the site counts files, the environment of a line is one file in the cache,
// an image, which is unpacked once a node on its own disk.
#pragma once

#include "cli/packs.h"

// Finds or makes it, and unpacks it. `memo`: the file that remembers what the line led to, or
// NULL. Returns 1 with *ret (yours; what it held before is freed): its folder on the node's own
// disk; 0: that disk cannot hold it, which has been said, and the usual way is left; -1 with
// err.
int env_counted(struct cli *cli, const struct packs_ask *ask, const char *memo, char **ret,
                struct err *err);
