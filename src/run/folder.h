// SPDX-License-Identifier: Apache-2.0
// folder: `.lopin/runs/N` in the current folder: found, made, listed.
//
// `.lopin` is 0700 and holds its own .gitignore. A run's number is taken by mkdir, so two that
// start at once get two. `last` is a link to the newest.
#pragma once

#include <stddef.h>

#include "base/err.h"

struct folder { // of one run
    int fd;
    unsigned number;
    char *path; // absolute
};
#define FOLDER_NONE                                                                            \
    {                                                                                          \
        .fd = -1                                                                               \
    }
// Opens `.lopin/runs`, and makes it if it is not there. Returns its descriptor, or -1 with err.
int folder_project(const char *cwd, struct err *err);
// Makes the next run's folder below cwd. Returns 0, or -1 with err.
int folder_make(const char *cwd, struct folder *ret, struct err *err);
// The run that `which` names: a number, "last", NULL (the same: the newest that became a run),
// or a name given by -J (the newest of it). [no-run] lists what is there.
int folder_find(const char *cwd, const char *which, struct folder *ret, struct err *err);
// Numbers of all runs, ascending. Yours. *ret_count may be 0 (then NULL).
unsigned *folder_list(const char *cwd, size_t *ret_count);
// Whether it became a run: a start that was killed before it had written down what was asked
// leaves a folder without.
int folder_is_run(const char *cwd, unsigned number);
int folder_open(const char *cwd, unsigned number, struct folder *ret, struct err *err);
// Makes `last` point to it. Failure is no harm and not reported.
void folder_mark_last(const char *cwd, unsigned number);
// Makes `last` point to the newest run if it leads nowhere, or removes it if there is none.
void folder_mend_last(const char *cwd);
// Removes a run in one step: its folder, or the link in its place, becomes runs/.rm-N-PID,
// which is no run and which folder_clear removes, after a kill that of another process.
// Returns 0, or -1 with err.
int folder_set_aside(const char *cwd, unsigned number, struct err *err);
// Removes all that was set aside. Returns 0, or -1 with err if some is left.
int folder_clear(const char *cwd, struct err *err);
// Removes a run's folder that came to nothing.
void folder_drop(struct folder *folder);
void folder_free(struct folder *folder);
#define CLEANUP_FOLDER CLEANUP(folder_free)
