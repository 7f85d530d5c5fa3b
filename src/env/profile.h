// SPDX-License-Identifier: Apache-2.0
// profile: what an interpreter accepts: the values that markers are compared with (PEP 508), and the
// tags of its wheels (PEP 425, 600), the site's module _manylinux heard.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/vars.h"
#include "env/python.h"
#include "wheel/marker.h"
#include "wheel/tags.h"

struct profile { // zero-initialise to begin; free with profile_free
    struct arena arena;
    struct marker_env markers; // borrowed from the python and the arena
    struct tag_facts facts;
    struct tags tags;
    const char *manylinux; // where the module _manylinux is; NULL: there is none
};
// `python` must outlive it. _manylinux is looked for on PYTHONPATH, in the environment and in the
// installation. Returns 0, or -1 with [no-python]: older than 3.6, not CPython, or its _manylinux
// fails.
int profile_read(const struct python *python, const struct vars *vars, struct profile *ret,
                 struct err *err);
// The same of another version X.Y on the same system, whose interpreter need not be here.
void profile_other(const struct profile *profile, int major, int minor, struct profile *ret);
void profile_free(struct profile *profile);
