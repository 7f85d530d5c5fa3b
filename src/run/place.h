// SPDX-License-Identifier: Apache-2.0
// place: which record of a dataset is the last one, in whatever order journals are read.
//
// The attempt counts first: who takes a dataset over, from a parcel that is dead or only
// silent, reads its journal and counts its attempts on. Of one attempt, which two have counted if neither
// saw the other begin, an end is never undone by a start, nor what is done by a failure. Then the order
// of reading: restart, parcel, line.
#pragma once

#include <stdint.h>

#include "run/journal.h"

struct place {
    uint32_t attempt;
    uint32_t ended; // place_end
    uint32_t restart, parcel;
};
// 0 of a start; of an end the more the better it is.
uint32_t place_end(const struct record *record);
struct place place_of(const struct record *record, unsigned parcel, unsigned restart);
// Whether a record that is read after another one stands over it.
int place_stands(const struct place *later, const struct place *before);
