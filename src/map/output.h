// SPDX-License-Identifier: Apache-2.0
// output: {out} of one task: a temporary path that becomes the goal in one step, when it is
// whole and on the disk.
//
// `out/.lopin-RUN-KEY/d01.npz` keeps base name and all suffixes of the goal (numpy appends .npz
// to any other).
#pragma once

#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"

// Adds the temporary path for a goal (absolute).
void output_path(const char *goal, unsigned run, uint64_t key, struct str *into);
// Makes the temporary folder and the folders above it. What an attempt before left in it is
// removed, unless that one had `saved` it for this one.
int output_prepare(const char *temporary, int saved, struct err *err);
// Syncs what stands at `temporary` (a file or a whole folder) and renames it to `goal`; then
// removes the temporary folder. [no-output] if there is nothing. On success *ret_size,
// *ret_mtime (ns), *ret_inode are the goal's.
int output_publish(const char *temporary, const char *goal, int64_t *ret_size,
                   int64_t *ret_mtime, int64_t *ret_inode, struct err *err);
// Removes the temporary folder and what is in it.
void output_drop(const char *temporary);
