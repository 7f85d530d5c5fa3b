// SPDX-License-Identifier: Apache-2.0
// part: the share of a run that one parcel computes, beside others: chunks that nobody has had, then what
// those left that are gone.
#pragma once

#include "map/run.h"
#include "run/claims.h"
#include "run/round.h"
#include "run/saved.h"

struct part;
// `most`: datasets that it takes at most, 0: any number; all pointers are borrowed until part_free. NULL with
// err.
struct part *part_new(const struct saved *saved, const struct round *round,
                      struct claims *claims, size_t most, struct err *err);
const struct share *part_share(const struct part *part);
// What came of each dataset before, brought up to date by share->more. By index.
const struct earlier *part_earlier(const struct part *part);
size_t part_taken(const struct part *part); // datasets, so far
enum part_left {
    PART_NOTHING,
    PART_BEGUN, // only datasets that were begun before
    PART_NEW
};
// What is there for a further parcel: in chunks that nobody has, or whose holder is gone; of our own after
// claims_leave.
enum part_left part_left(struct part *part);
void part_free(struct part *part);
