// SPDX-License-Identifier: Apache-2.0
#include "crew/team.h"

#include <stdlib.h>

#include "base/mem.h"

static int by_number(const void *a, const void *b)
{
    const unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
    return (left > right) - (left < right);
}

static size_t count_parcels(const struct state *state)
{
    CLEANUP_FREE unsigned *number = mem_alloc((state->segments + 1) * sizeof *number);
    size_t count = 0, different = 0;
    for (size_t i = 0; i < state->segments; i++)
        if (state->segment[i].parcel)
            number[count++] = state->segment[i].parcel;
    if (count)
        qsort(number, count, sizeof *number, by_number);
    for (size_t i = 0; i < count; i++)
        different += !i || number[i] != number[i - 1];
    return different;
}

// From the end of all others, or its own begin, to its own end. Who began when they had all ended was
// not left alone by them: that was resumed, by one job.
static int64_t alone_us(const struct state *state, const struct segment *last)
{
    int64_t from_us = last->start_us;
    int beside = 0;
    for (size_t i = 0; i < state->segments; i++) {
        const struct segment *segment = &state->segment[i];
        if (!segment->parcel || segment->parcel == last->parcel ||
            segment->end_us <= last->start_us)
            continue;
        beside = 1;
        from_us = segment->end_us > from_us ? segment->end_us : from_us;
    }
    return beside ? last->end_us - from_us : 0;
}

void team_look(const struct state *state, struct team *ret)
{
    const struct segment *last = NULL;
    int64_t first_us = INT64_MAX;
    *ret = (struct team){.parcels = count_parcels(state)};
    for (size_t i = 0; i < state->segments; i++) {
        const struct segment *segment = &state->segment[i];
        int64_t took_us = segment->end_us - segment->start_us;
        if (!segment->parcel)
            continue;
        first_us = segment->start_us < first_us ? segment->start_us : first_us;
        ret->longest_us = took_us > ret->longest_us ? took_us : ret->longest_us;
        last = !last || segment->end_us > last->end_us ? segment : last;
    }
    if (!last)
        return;
    ret->wall_us = last->end_us - first_us;
    if (ret->parcels > 1)
        ret->alone_us = alone_us(state, last);
}
