// SPDX-License-Identifier: Apache-2.0
// folders: what stands in a folder of modulefiles, read once in the life of a command.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/table.h"
#include "module/rc.h"
#include "module/trace.h"

struct folders_file {
    char *name; // without ".lua"
    int is_lua;
    int checked; // of one that is not: 1 it begins as a modulefile, -1 it does not, 0 not looked
};
struct folder_of_modules {
    char *path;
    char *name; // below its folder of MODULEPATH, "" for that itself
    struct folders_file *file;
    size_t files, room;
    struct strv folders;  // names of those in it
    char *preferred;      // the name, or the full name, that is the default; NULL: none is said
    struct rc rc;         // what its rc files say
    int is_there, listed; // listed: file and folders are read
    int64_t changed_ns;   // before it was listed, if folders->wants_times
    uint64_t inode;
    unsigned specials; // bits, of a listed one: what there is of rc files, and the link
};
// Runs a .modulerc.lua, or one in Tcl that is more than plain commands, and adds what it says.
// Returns 0, or -1 with err.
typedef int folders_run_rc(void *data, const char *path, const char *name, struct rc *rc,
                           struct err *err);
struct folders { // zero-initialise to begin
    struct folder_of_modules **item;
    size_t count, room;
    struct folder_of_modules **rc; // those of item whose files say something
    size_t rcs, rc_room;
    struct table places; // path -> index in item
    folders_run_rc *run;
    void *data;
    struct str *talk; // warnings about rc files, a line each; may be NULL
    int wants_times;
    const struct trace *trace; // may be NULL
};
// The folder with its rc files; its list only if asked for. Lives as long as folders.
struct folder_of_modules *folders_get(struct folders *folders, const char *path,
                                      const char *name, int list);
// Adds what an rc file in Tcl says: plain ones are read, others run; where that fails, a warning says so and what
// is plain in them counts.
void folders_read_tcl(struct folders *folders, const char *path, const char *name,
                      const struct str *text, struct rc *rc);
// Whether a file that is not Lua is a modulefile: it begins with "#%Module".
int folders_is_module(struct folder_of_modules *folder, struct folders_file *file);
void folders_free(struct folders *folders);
