// SPDX-License-Identifier: Apache-2.0
// paths: variables that are lists (PATH, MODULEPATH, LD_LIBRARY_PATH), changed as Lmod 8 changes
// them: no entry twice, how often each was added in __LMOD_REF_COUNT_NAME, what stands first or
// last by priority in __LMOD_Priority_NAME.
#pragma once

#include "base/vars.h"

enum paths_where { PATHS_ALL, PATHS_FIRST, PATHS_LAST };
struct paths_rules { // what a site has in another way
    int stays;       // an entry that is there keeps its place
    int reversed;    // of several entries that are prepended the last stands first
    int repeats; // an entry may stand in a list several times, of which nothing is counted; not in MODULEPATH
};
struct paths_change {
    const char *name, *value; // value: one entry or several, borrowed
    char separator;           // '\0': ':'
    int priority;             // of a prepend: > 0 stands before the others, of an append behind
    int whole;                // of a removal: however often it was added
    enum paths_where where;   // of a removal, where entries repeat
    struct paths_rules rules;
};
void paths_prepend(struct vars *vars, const struct paths_change *change);
void paths_append(struct vars *vars, const struct paths_change *change);
void paths_remove(struct vars *vars, const struct paths_change *change);
// A path without white space around it, "//", "/./" and a '/' at its end. Yours; "" stays.
char *paths_regular(const char *path);
// The entries of a list variable, regular ones, each once, in order.
void paths_list(const struct vars *vars, const char *name, struct strv *into);

// Writes a list variable as it is read, with its counts.
void paths_settle(struct vars *vars, const char *name);
