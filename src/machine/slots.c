// SPDX-License-Identifier: Apache-2.0
// slots: cutting an allotment into disjoint slots of whole cores.
//
// Places nest: cache within NUMA node within package within machine. The cores are sorted by
// place, so a place is a range of indices. A slot goes to the smallest kind of place that still
// has room for it. As all slots are of one width, each place can hold as many whole slots
// whatever the order, so the greedy choice never breaks more slots over places than must be;
// taking the emptiest place each time only spreads them.
#include "machine/slots.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/lang.h"
#include "base/mem.h"

enum place { IN_CACHE, IN_NODE, IN_PACKAGE, IN_MACHINE };

struct range {
    size_t start, end; // indices into allot->core
};

// Are two cores in the same place of this kind?
static int same_place(const struct core *a, const struct core *b, enum place place)
{
    if (place == IN_MACHINE)
        return 1;
    if (a->package != b->package)
        return 0;
    if (place == IN_PACKAGE)
        return 1;
    return a->numa == b->numa && (place == IN_NODE || a->cache == b->cache);
}

// The place of this kind that holds core number `at`.
static struct range place_of(const struct allot *allot, size_t at, enum place place)
{
    struct range range = {at, at + 1};
    const struct core *core = allot->core + at;
    while (range.start > 0 && same_place(allot->core + range.start - 1, core, place))
        range.start--;
    while (range.end < allot->cores && same_place(allot->core + range.end, core, place))
        range.end++;
    return range;
}

static size_t free_in(const unsigned char *taken, struct range range)
{
    size_t count = 0;
    for (size_t i = range.start; i < range.end; i++)
        count += !taken[i];
    return count;
}

// How much one wants the place: first the one that holds `near`, then the one in the emptiest
// package, in its emptiest node, and the emptiest itself.
static uint64_t worth(const struct allot *allot, const unsigned char *taken, struct range range,
                      long near)
{
    uint64_t value = near >= 0 && range.start <= (size_t)near && (size_t)near < range.end;
    value = value << 16 | free_in(taken, place_of(allot, range.start, IN_PACKAGE));
    value = value << 16 | free_in(taken, place_of(allot, range.start, IN_NODE));
    return value << 16 | free_in(taken, range);
}

// The best place of this kind within `bound` that has `room` free cores; start == end if none.
static struct range best_place(const struct allot *allot, const unsigned char *taken,
                               enum place place, struct range bound, size_t room, long near)
{
    struct range best = {0, 0};
    uint64_t best_worth = 0;
    for (size_t at = bound.start; at < bound.end;) {
        struct range range = place_of(allot, at, place);
        at = range.end;
        if (free_in(taken, range) < room)
            continue;
        uint64_t value = worth(allot, taken, range, near);
        if (best.start == best.end || value > best_worth) {
            best = range;
            best_worth = value;
        }
    }
    return best;
}

// Takes up to `need` free cores of a cache's range, from core `near` on if it is inside, round
// to its start. Returns how many.
static size_t take(unsigned char *taken, struct range range, size_t need, long near)
{
    size_t size = range.end - range.start;
    size_t first = near >= 0 && range.start <= (size_t)near && (size_t)near < range.end
                       ? (size_t)near - range.start
                       : 0;
    size_t count = 0;
    for (size_t i = 0; i < size && count < need; i++) {
        size_t index = range.start + (first + i) % size;
        if (!taken[index]) {
            taken[index] = 2; // chosen now, see slots_choose
            count++;
        }
    }
    return count;
}

// Takes up to `need` free cores of a place: the emptiest place inside it whole, then the next,
// so that a slot which spans several lies in few. Returns how many.
static size_t gather(const struct allot *allot, unsigned char *taken, enum place kind,
                     struct range range, size_t need, long near)
{
    if (kind == IN_CACHE)
        return take(taken, range, need, near);
    size_t count = 0;
    while (count < need) {
        struct range inner = best_place(allot, taken, kind - 1, range, 1, near);
        if (inner.start == inner.end)
            break;
        count += gather(allot, taken, kind - 1, inner, need - count, near);
    }
    return count;
}

void slots_choose(const struct allot *allot, unsigned char *taken, size_t width, long near,
                  size_t *ret_index)
{
    struct range all = {0, allot->cores}, place = {0, 0};
    enum place kind = IN_CACHE;
    while ((place = best_place(allot, taken, kind, all, width, near)).end == 0 &&
           kind < IN_MACHINE)
        kind++;
    gather(allot, taken, kind, place, width, near);
    for (size_t i = 0; i < allot->cores; i++) {
        if (taken[i] == 2) {
            taken[i] = 1;
            *ret_index++ = i;
        }
    }
}

int allot_cut(const struct allot *allot, size_t slots, size_t width, struct cpuset *ret_slots,
              struct err *err)
{
    if (width && slots > allot->cores / width) {
        err_set(err, ERR_OVERSUBSCRIBED,
                _("%zu at once with %zu cores each need %zu cores, and there are %zu"), slots,
                width, slots * width, allot->cores);
        if (width <= allot->cores)
            err_hint(err, "try", "-j %zu", allot->cores / width);
        return -1;
    }
    CLEANUP_FREE unsigned char *taken = mem_zero(allot->cores, 1);
    CLEANUP_FREE size_t *index = mem_zero(width, sizeof(*index));
    for (size_t slot = 0; slot < slots; slot++) {
        ret_slots[slot] = (struct cpuset){0};
        slots_choose(allot, taken, width, -1, index);
        for (size_t i = 0; i < width; i++)
            cpuset_or(ret_slots + slot, &allot->core[index[i]].cpus);
    }
    return 0;
}
