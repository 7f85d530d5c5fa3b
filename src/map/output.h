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

// Whose temporary path it is: two parcels of a run may compute the same dataset at once, of which one does
// not know yet that it has lost it.
struct output_maker {
    unsigned run;
    uint64_t key;
    uint32_t parcel, restart; // parcel 0: a run of one parcel, for all its starts
};
// Adds the temporary path for a goal (absolute).
void output_path(const char *goal, const struct output_maker *maker, struct str *into);
// Makes the temporary folder and the folders above it. What an attempt before left in it is
// removed, unless that one had `saved` it for this one.
int output_prepare(const char *temporary, int saved, struct err *err);
// What an attempt of another maker left at `left` is removed, or stands at `temporary` if it is to be kept.
void output_inherit(const char *left, const char *temporary, int keeps);
enum output_result {
    OUTPUT_PUBLISHED,
    OUTPUT_REFUSED, // [no-output] if there is nothing, or what the system says; it is gone
    OUTPUT_WAITS,   // a full or failing disk: all is as it was, and it may be called again
    OUTPUT_LOST, // such a disk did not take its content, which is not to be trusted; it is gone
};
// Syncs what stands at `temporary` (a file or a whole folder) and renames it to `goal`; then
// removes the temporary folder. *ret_size, *ret_mtime (ns), *ret_inode become the goal's;
// *ret_inode is -1 before the first call, and as this left it before a further one. With err
// unless it is published.
enum output_result output_publish(const char *temporary, const char *goal, int64_t *ret_size,
                                  int64_t *ret_mtime, int64_t *ret_inode, struct err *err);
// Removes the temporary folder and what is in it.
void output_drop(const char *temporary);
