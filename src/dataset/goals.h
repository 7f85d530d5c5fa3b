// SPDX-License-Identifier: Apache-2.0
// goals: the final paths of {out}, checked before anything starts.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dataset/datasets.h"

// `goal[i]` is the normal absolute path (fs_absolute) of dataset i. Fails with [same-output] if
// two are equal, if one is a dataset's file, the script, or lies inside another goal; compares
// by name and, where the file is there, by device and inode; the latter only for the `wanted`
// ones (by index; NULL: all), which are those that will be replaced. Says which two.
int goals_check(const char *const *goal, const struct datasets *datasets, const uint8_t *wanted,
                const char *cwd, const char *script, struct err *err);
