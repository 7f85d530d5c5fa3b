// SPDX-License-Identifier: Apache-2.0
// keep: what a new folder of packages takes over from the one that it replaces.
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "base/table.h"
#include "env/layout.h"
#include "wheel/record.h"

// Adds the paths that a RECORD lists, below the folder of packages, to `gone`; those outside of it
// ("../../../bin/f2py") to `ret_outside` (may be NULL), as written. The paths live in `arena`.
// Bytecode of a source that goes is gone too, listed or not. Returns 0, or -1 with [usage].
int keep_read_record(const struct str *record, struct arena *arena, struct table *gone,
                     struct strv *ret_outside, struct err *err);
// The same of one that was read, whose paths stay.
void keep_take_record(const struct record_file *file, struct arena *arena, struct table *gone,
                      struct strv *ret_outside);
// Puts all of folder `from` but `gone` into folder `into` (descriptors), links as links, files as
// hard links, or copies where the file system has none, and tells the layout. Folders that become
// empty are left out. Returns 0, or -1 with err.
int keep_copy(int from, int into, const struct table *gone, struct layout *layout,
              struct err *err);
// A copy with its mode, to which `more` is added, and its times. Returns 0, or -1 with errno.
int keep_copy_file(int from, const char *path, int into, const char *goal, mode_t more);
