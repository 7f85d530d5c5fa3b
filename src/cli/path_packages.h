// SPDX-License-Identifier: Apache-2.0
// path_packages: what modules in force put on PYTHONPATH, where the site says that it counts as
// installed (path-packages): a site's own arrow or mpi4py is then not installed once more.
#pragma once

#include "base/hash.h"
#include "cli/cli.h"
#include "env/dist.h"

// The entries ("/a:/b"). Yours; NULL: none, or the site does not say so.
char *path_packages(const struct cli *cli);
// Adds their distributions, behind those that `dists` has. Returns 0, or -1 with err.
int path_packages_read(const struct cli *cli, struct dists *dists, struct strv *ret_odd,
                       struct err *err);
// Adds what they are now: their names, and device, inode and time of each.
void path_packages_hash(const struct cli *cli, struct hash *hash);
