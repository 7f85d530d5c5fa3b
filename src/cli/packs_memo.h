// SPDX-License-Identifier: Apache-2.0
// packs_memo: which environment a request led to the last time, so that the same line does not
// resolve again while everything that it depends on is as it was.
#pragma once

#include "cli/packs.h"

// The file for the request: of its requirements, the configuration, the interpreter, and what the
// wheelhouses are (device, inode and time of each folder: it changes when a file comes or goes).
// Yours; NULL where that cannot be told.
char *packs_memo_name(const struct packs *packs);
// Returns 0 with the environment's folder (yours), or -1. With an index in the request it is good for
// ten minutes, as pages of indexes are.
int packs_memo_read(const char *name, char **ret);
// Returns 0, or -1 with err: it will have to be found out again.
int packs_memo_write(const char *name, const char *env, struct err *err);
