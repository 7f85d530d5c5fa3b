// SPDX-License-Identifier: Apache-2.0
// setting: the interpreter and the environment variables of tasks: env and threads composed.
#pragma once

#include <stdint.h>

#include "cli/cli.h"
#include "cli/parcel.h"
#include "env/python.h"

struct setting {          // zero-initialise to begin; free with setting_free
    struct python python; // path NULL: none is used
    struct vars vars;     // of every task
    struct strv dropped;  // what of the caller's does not reach tasks
    struct strv lowered;  // pools' variables that were lowered
    uint64_t hash;        // interpreter and the distributions installed in its environment
    struct err hook;      // why the startup hook cannot be used; code 0: it is
};
// Finds the interpreter: --python, --env or NULL. Without them and `needed` none is looked for.
// *ret needs setting_free also after failure.
int setting_find(const struct cli *cli, const char *python, const char *env, int needed,
                 struct setting *ret, struct err *err);
// Makes the variables of tasks of the parcel.
void setting_fill(const struct cli *cli, const struct parcel *parcel, struct setting *setting);
void setting_free(struct setting *setting);
// Says what will run and what was changed: "env     python 3.11.7 (venv)", "kept out PYTHONPATH
// (--keep-env)".
void setting_say(const struct cli *cli, const struct setting *setting);
// lopin's cache: what the site says, XDG_CACHE_HOME/lopin, HOME/.cache/lopin, else
// TMPDIR/lopin-UID. Yours.
char *setting_cache(const struct cli *cli);
// A folder of this user only, TMPDIR/lopin-UID, made if it is absent. Yours; NULL with err if
// others could write there.
char *setting_temporary(const struct vars *vars, struct err *err);
