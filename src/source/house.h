// SPDX-License-Identifier: Apache-2.0
// house: a wheelhouse: a folder of wheels and source archives (--find-links), read once, by names.
//
// No file in it is opened. Folders below it are not looked into, as pip does not.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"

struct house_file {
    const char *name;   // base name
    const char *normal; // of its project (PEP 503), by what stands before the version
};
struct house { // free with house_free
    const char *path;
    const char *label;       // arch_label(path), else the path
    struct house_file *file; // by project, then by name
    size_t count, room;
    size_t odd; // neither wheels nor source archives
    struct arena arena;
    struct table first; // project -> index of its first file + 1
};
// Returns 0, or -1 with [system]; errno says ENOENT or ENOTDIR where it is no folder.
int house_open(const char *path, struct house *ret, struct err *err);
// The files of a project (normal name): how many; *ret the first of them.
size_t house_find(const struct house *house, const char *normal, const struct house_file **ret);
void house_free(struct house *house);
