// SPDX-License-Identifier: Apache-2.0
// spans: a sweep over their ends.
#include "run/spans.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int is_one_parcel(const struct span *span, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (span[i].parcel != span[0].parcel)
            return 0;
    return 1;
}

// Where a span begins or ends.
struct edge {
    int64_t at_us;
    int begins;
    uint32_t cores;
};

static int by_time(const void *a, const void *b)
{
    const struct edge *left = a, *right = b;
    if (left->at_us != right->at_us)
        return left->at_us < right->at_us ? -1 : 1;
    return left->begins - right->begins; // those that end, first
}

static int64_t sweep(const struct span *span, size_t count, uint64_t *most_cores)
{
    CLEANUP_FREE struct edge *edge = mem_alloc(2 * count * sizeof *edge);
    size_t edges = 0, open = 0;
    uint64_t cores = 0;
    int64_t wall_us = 0;
    for (size_t i = 0; i < count; i++) {
        if (span[i].end_us <= span[i].start_us)
            continue;
        edge[edges++] = (struct edge){span[i].start_us, 1, span[i].cores};
        edge[edges++] = (struct edge){span[i].end_us, 0, span[i].cores};
    }
    if (edges)
        qsort(edge, edges, sizeof *edge, by_time);
    for (size_t i = 0; i < edges; i++) {
        wall_us += open ? edge[i].at_us - edge[i - 1].at_us : 0;
        open = edge[i].begins ? open + 1 : open - 1;
        cores = edge[i].begins ? cores + edge[i].cores : cores - edge[i].cores;
        if (cores > *most_cores)
            *most_cores = cores;
    }
    return wall_us;
}

int64_t spans_wall_us(const struct span *span, size_t count, uint32_t *ret_cores)
{
    uint64_t most_cores = 0;
    int64_t wall_us = 0;
    for (size_t i = 0; i < count; i++) {
        wall_us += span[i].end_us - span[i].start_us;
        if (span[i].cores > most_cores)
            most_cores = span[i].cores;
    }
    if (!is_one_parcel(span, count))
        wall_us = sweep(span, count, &most_cores);
    *ret_cores = most_cores > UINT32_MAX ? UINT32_MAX : (uint32_t)most_cores;
    return wall_us;
}

static int by_parcel(const void *a, const void *b)
{
    const struct span *left = a, *right = b;
    return (left->parcel > right->parcel) - (left->parcel < right->parcel);
}

int64_t spans_tail_us(const struct span *span, size_t count)
{
    CLEANUP_FREE struct span *sorted = mem_alloc(count * sizeof *sorted);
    int64_t most_us = 0, sum_us = 0;
    if (count) {
        memcpy(sorted, span, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, by_parcel);
    }
    for (size_t i = 0; i < count; i++) {
        sum_us = i && sorted[i].parcel == sorted[i - 1].parcel ? sum_us : 0;
        sum_us += sorted[i].tail_us;
        most_us = sum_us > most_us ? sum_us : most_us;
    }
    return most_us;
}
