// SPDX-License-Identifier: Apache-2.0
// env_make: environments made: by name (venv), or for a line of run, map and exec, found again by what
// it asks for.
#pragma once

#include "cli/cli.h"
#include "cli/packs.h"
#include "env/venv.h"

// Makes one with these packages (solved and filled; NULL: none) beside ask->prefix, which it
// replaces in one step. `old`: something is there, and goes. Returns 0, or -1 with err.
int env_make(const struct venv_ask *ask, struct packs *packs, int old, struct err *err);
// Removes what killed ones left beside an environment.
void env_sweep(const char *goal);
// Where the line asks for packages (--with, -r, the header of `script`, which may be NULL):
// finds or makes their environment in the cache, and sets cli->options.env to it. Where --env names an
// image: unpacks it (env_unpack.h). Returns 0, or -1 with err.
int env_for_line(struct cli *cli, const char *script, struct err *err);

// For env_counted.c.
// CACHE/FOLDER/HASH and `ending`: HASH is that of what is in it. Yours.
char *env_name(struct packs *packs, const char *folder, const char *ending);
void env_say_made(const struct packs *packs, int again, int64_t took_us);
// Remembers what a line led to; says so if that is not possible.
void env_keep_memo(const struct cli *cli, const char *memo, const char *env);
