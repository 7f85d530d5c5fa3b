// SPDX-License-Identifier: Apache-2.0
// chunks: an ordered list of datasets cut into what parcels claim one after the other.
//
// What stands in a chunk behind a dataset that takes long waits for it where no slot is left, though other
// parcels are idle: a chunk has a dataset for each slot, and two at most where the datasets are few. Of
// many there are some 4,096 chunks, as each is a link on a file system; they are guided: half of a parcel's
// share of what is left, down to a dataset a slot (a slow parcel, or one that started late, does not hold
// the rest). Where the sizes of datasets are known, a chunk ends by its part of the datasets or of their
// sizes, whichever is first.
// With --chunk all are alike, and whole numbers of them fill a parcel.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct chunks_ask {
    size_t datasets;
    const uint64_t *size;  // of each; NULL: nothing is known of them
    unsigned long parcels; // that claim; at least 1
    unsigned slots;        // of a parcel; at least 1
    size_t most;           // --chunk: datasets of a parcel; 0: no limit
};
struct chunks { // zero-initialise to begin; free with chunks_free
    size_t
        *end; // chunk i has the datasets from end[i - 1] (0 of the first) up to before end[i]
    size_t count, room;
    size_t each; // with `most`: chunks of a parcel; else 0
};
void chunks_cut(const struct chunks_ask *ask, struct chunks *ret);
void chunks_free(struct chunks *chunks);
