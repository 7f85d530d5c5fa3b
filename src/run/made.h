// SPDX-License-Identifier: Apache-2.0
// made: files that are there where outputs shall go: ours, from an earlier run, or somebody's.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

// Fails with [output-exists] if a goal is there that no run below cwd published as it is now
// (same inode, and for files size and time). `goal` has `count` absolute paths; those with
// skip[i] set are not looked at (skip may be NULL).
int made_check(const char *cwd, const char *const *goal, size_t count, const uint8_t *skip,
               struct err *err);
