// SPDX-License-Identifier: Apache-2.0
// round: what parcels of a run compute in one go: which datasets, cut into chunks. The file `round.G` of
// the run's folder (docs/formats.md), made once by link(2) and never changed.
//
// The first start of a run makes round 1, each resumption the next one. Only the highest one is in force:
// whoever computes for an earlier one has lost the run.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dataset/datasets.h"

struct chunk {
    uint32_t first, count; // of the round's order
};
struct round { // zero-initialise to begin; free with round_free
    unsigned number;
    uint32_t *order; // indices of datasets, in the order in which they start
    size_t count;
    struct chunk
        *chunk; // they cover the order without gaps; none: nobody computes for this round
    size_t chunks;
    size_t done, failed; // datasets that were so before, and are not in it
};
// The number of the round in force; 0: none was made.
unsigned round_last(int run_dir);
// Whether a later one than that was made.
int round_is_over(int run_dir, unsigned number);
// Makes it, with round->number. Returns 0, or -1 with err: [run-busy] if that number was taken meanwhile.
int round_save(const struct round *round, const struct datasets *datasets, int run_dir,
               struct err *err);
// Returns 0, or -1 with err: [run-damaged], [run-format].
int round_load(struct round *ret, unsigned number, const struct datasets *datasets, int run_dir,
               struct err *err);
// Its counts alone: of datasets, chunks, and what had ended before it. Returns 0, or -1.
int round_head(struct round *ret, unsigned number, int run_dir);
void round_free(struct round *round);
#define CLEANUP_ROUND CLEANUP(round_free)
