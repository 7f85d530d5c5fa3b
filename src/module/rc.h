// SPDX-License-Identifier: Apache-2.0
// rc: what .version and .modulerc files say of the modules beside them: defaults, other names,
// what is not shown.
//
// They are Tcl. What sites write in them are mostly plain commands (module-version, module-alias,
// hide-version, set ModulesVersion), which are read here; what has more needs Tcl itself.
#pragma once

#include <stddef.h>

#include "base/str.h"

enum rc_kind {
    RC_VERSION,
    RC_ALIAS,
    RC_HIDE,
    RC_HIDE_SOFT,  // in lists alone
    RC_HIDE_HARD,  // as if it were not there
    RC_FORBID,     // it may not be loaded; words: why
    RC_TAG,        // name: the tag
    RC_VIRTUAL,    // name: of a module that has no file of that name; target: its file
    RC_HIDE_LOADED // in the list of what is loaded too
};
struct rc_entry {
    enum rc_kind kind;
    char *
        name; // RC_VERSION: another name of target, "py/lts" ("py/default"); RC_ALIAS: "python3"
    char *
        target; // "py/3.9.6"; RC_HIDE and those below: whom, by full name, by name (all versions) or file
    char *words;  // "" but of RC_FORBID
    char *nearly; // of RC_FORBID: what is told in the days before it holds
    char *when;   // for whom and when it counts (rc_when.h); "": always, for all
};
struct rc { // zero-initialise to begin
    struct rc_entry *item;
    size_t count, room;
};
// Adds what a file of the folder of modules `name` ("py", "" at the top) says. Returns 1, or 0 if it has other
// commands too, or substitutions that are no variable set above them: these are passed over.
int rc_read(struct rc *rc, const char *text, size_t size, const char *name);
// Adds one entry as a command of a file in `name`'s folder says it: module "3.9", "/3.9", "./3.9"
// and "py/3.9" are the same in the folder of py.
void rc_add_version(struct rc *rc, const char *name, const char *module, const char *version);
void rc_add(struct rc *rc, enum rc_kind kind, const char *name, const char *target);
// The same with all that an entry has; texts are copied, NULL is "".
void rc_add_entry(struct rc *rc, const struct rc_entry *entry);
// Appends all of `from`, which is empty then.
void rc_move(struct rc *from, struct rc *into);
// Whether an entry is about a module, whenever it counts. name: NULL where it has no version. A file may be said
// without its ".lua".
int rc_is_about(const struct rc_entry *entry, const char *full, const char *name,
                const char *file);
void rc_free(struct rc *rc);
