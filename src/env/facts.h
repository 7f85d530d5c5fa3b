// SPDX-License-Identifier: Apache-2.0
// facts: what an interpreter says of itself, asked by running it once and kept in the cache.
#pragma once

#include "base/err.h"
#include "base/vars.h"

struct facts {
    char *version; // "3.11.7"
    char *base;    // sys.base_prefix
    char *prefix;  // of the environment: the venv's folder, else sys.prefix
};
// Asks the interpreter `path` (absolute). `cache` may be NULL: nothing is kept. A program that
// begins with "#!" is asked each time: what it starts may depend on folder and environment.
// Returns 0, or -1 with [no-python]: it cannot be started, is not a Python, or takes over 20 s.
int facts_read(const char *path, const struct vars *vars, const char *cache, struct facts *ret,
               struct err *err);
void facts_free(struct facts *facts);
