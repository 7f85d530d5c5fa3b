// SPDX-License-Identifier: Apache-2.0
// candidates: the modulefiles that a name can mean, and which of them it does (catalog.h).
//
// A folder with only files in it, or with a default, is a module whose files are its versions
// ("py": 3.9.6, 3.11.5); versions may have folders ("gcc": x86/12). One with folders and no default
// is a group: its folders and files are modules ("compilers/gcc").
#pragma once

#include "module/catalog.h"

struct candidate {
    char *version; // "" of a file that is itself the module
    char *file;
    char *order;  // by version alone
    char *weight; // by version, behind the mark of a default
    int is_visible;
    size_t place; // of its folder in MODULEPATH
};
struct candidates {
    struct catalog *catalog;
    struct candidate *item;
    size_t count, room;
    char *name;     // of the module; NULL: nothing is so called
    char *version;  // what of the name asked for is a version; NULL: nothing
    int has_levels; // versions have folders: defaults are those of the first folder only
};
void candidates_gather(struct candidates *all, const struct strv *path, const char *name);
// NULL if none is as it is wished.
const struct candidate *candidates_choose(const struct candidates *all,
                                          const struct catalog_wish *wish);
int candidates_is_group(struct catalog *catalog, struct folder_of_modules *folder);
void candidates_free(struct candidates *all);
