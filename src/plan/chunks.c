// SPDX-License-Identifier: Apache-2.0
#include "plan/chunks.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
    PART = 2,      // of a parcel's share of what is left
    A_PARCEL = 16, // chunks, on average, with --chunk
    A_SLOT = 2,    // datasets of a chunk at most, where they are few
    MOST = 4096    // chunks, about: names in a folder that each parcel reads
};

static size_t share(size_t all, size_t each)
{
    return all / each + (all % each != 0);
}

static void add(struct chunks *chunks, size_t end)
{
    mem_room(&chunks->end, &chunks->room, chunks->count + 1, sizeof *chunks->end);
    chunks->end[chunks->count++] = end;
}

// The most chunks a parcel for which the run still has the fewest parcels: 200 datasets are 10 times 20.
static void cut_alike(const struct chunks_ask *ask, struct chunks *ret)
{
    size_t fewest = share(ask->datasets, ask->most);
    size_t each = A_PARCEL;
    for (; each > 1; each--) {
        size_t size = ask->most / each;
        if (size >= ask->slots && share(share(ask->datasets, size), each) == fewest)
            break;
    }
    size_t size = ask->most / each;
    for (size_t end = 0; end < ask->datasets;) {
        end = ask->datasets - end > size ? end + size : ask->datasets;
        add(ret, end);
    }
    ret->each = each;
}

static double sum(const uint64_t *size, size_t count)
{
    double all = 0;
    for (size_t i = 0; size && i < count; i++)
        all += (double)size[i];
    return all;
}

static void cut_guided(const struct chunks_ask *ask, struct chunks *ret)
{
    size_t least = ask->slots < ask->datasets ? ask->slots : ask->datasets;
    size_t few = share(ask->datasets, MOST);
    size_t cap = few > A_SLOT * least ? few : A_SLOT * least;
    size_t parts = PART * ask->parcels;
    double left = sum(ask->size, ask->datasets);
    for (size_t end = 0; end < ask->datasets;) {
        size_t rest = ask->datasets - end;
        size_t most = share(rest, parts);
        double heavy = left / (double)parts;
        double taken = 0;
        size_t count = 0;
        most = most < least ? least : most > cap ? cap : most;
        while (count < rest && count < most && (count < least || !ask->size || taken < heavy)) {
            taken += ask->size ? (double)ask->size[end + count] : 0;
            count++;
        }
        left -= taken;
        end += count;
        add(ret, end);
    }
}

void chunks_cut(const struct chunks_ask *ask, struct chunks *ret)
{
    ret->count = 0;
    ret->each = 0;
    if (!ask->datasets)
        return;
    if (ask->most) {
        cut_alike(ask, ret);
        return;
    }
    cut_guided(ask, ret);
}

void chunks_free(struct chunks *chunks)
{
    free(chunks->end);
    *chunks = (struct chunks){0};
}
