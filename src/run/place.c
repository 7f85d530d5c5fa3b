// SPDX-License-Identifier: Apache-2.0
// place: lexicographic.
#include "run/place.h"

#include "base/mem.h"

uint32_t place_end(const struct record *record)
{
    static const uint32_t worth[] = {
        [TASK_STOPPED] = 1, [TASK_AGAIN] = 1, [TASK_FAILED] = 2, [TASK_DONE] = 3};
    return record->kind == RECORD_END ? worth[record->state] : 0;
}

struct place place_of(const struct record *record, unsigned parcel, unsigned restart)
{
    return (struct place){record->attempt, place_end(record), restart, parcel};
}

int place_stands(const struct place *later, const struct place *before)
{
    const uint32_t left[] = {later->attempt, later->ended, later->restart, later->parcel};
    const uint32_t right[] = {before->attempt, before->ended, before->restart, before->parcel};
    for (size_t i = 0; i < COUNT(left); i++)
        if (left[i] != right[i])
            return left[i] > right[i];
    return 1; // a later line of the same file
}
