// SPDX-License-Identifier: Apache-2.0
// strict: --strict: whether a dataset's file is what it was, by a hash of its content.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dataset/datasets.h"
#include "run/state.h"

// The hash of the dataset's file, which it has read between two looks that gave this size and
// time; 0 if it names no file or they gave others. In any thread.
uint64_t strict_hash(const struct dataset *dataset, int dir, int64_t size, int64_t mtime);
// Of the done datasets whose file has the size and time of before (datasets_stat), those whose
// content is another one: *ret_changed[index] is 1. Yours. *ret_unknown: how many have no hash,
// since they ended without --strict. Files are read by threads, relative to `dir`.
void strict_check(const struct datasets *datasets, const struct state *state, int dir,
                  uint8_t **ret_changed, size_t *ret_unknown);
