// SPDX-License-Identifier: Apache-2.0
// outside: what a package has outside of the folder of packages: commands in bin, data, headers.
#pragma once

#include "base/err.h"
#include "env/put.h"
#include "env/site.h"

#define OUTSIDE_PREFIX ".lopin-" // in bin, of names for now: see left_name

struct outside {
    const struct site *site; // where it is written
    const char *prefix;      // where the environment will be, for the first line of scripts
    enum put_mode mode;
    int hashes;          // rows of RECORD have a hash
    int fresh;           // nobody uses the environment yet: written under the final names
    struct strv waiting; // else "TEMPORARY" and "FINAL" in turn, below the prefix
};
// Writes what `source` has, and adds the rows to ret_rows. Returns 0, or -1 with err ([bad-wheel]: a
// name that would leave its folder, or replace the interpreter).
int outside_put(struct outside *outside, const struct layout_source *source,
                struct str *ret_rows, struct err *err);
// Removes what waits, after a failure.
void outside_drop(struct outside *outside);
