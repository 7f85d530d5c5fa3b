// SPDX-License-Identifier: Apache-2.0
// dataset_order: which dataset starts first.
//
// Largest first is Graham's rule (longest processing time): the end of a run does not wait for
// one large dataset that was started last. Size stands for time, since nothing better is known
// before the first run. Invariant: the result is a permutation, the same for the same datasets
// and seed on every machine.
#include <stdlib.h>

#include "dataset/datasets.h"

struct sized {
    int64_t size;
    uint32_t index;
};

static int compare_sized(const void *a, const void *b)
{
    const struct sized *left = a, *right = b;

    if (left->size != right->size)
        return left->size > right->size ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

static void order_size(const struct datasets *datasets, uint32_t *order)
{
    CLEANUP_FREE struct sized *list = mem_alloc(datasets->count * sizeof(*list));

    for (size_t i = 0; i < datasets->count; i++)
        list[i] = (struct sized){datasets->item[i].size, (uint32_t)i};
    qsort(list, datasets->count, sizeof(*list), compare_sized);
    for (size_t i = 0; i < datasets->count; i++)
        order[i] = list[i].index;
}

// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t random_next(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;

    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

uint32_t *datasets_order(const struct datasets *datasets, enum dataset_order order,
                         uint64_t seed)
{
    uint32_t *list = mem_alloc(datasets->count * sizeof(*list));

    for (size_t i = 0; i < datasets->count; i++)
        list[i] = (uint32_t)i;
    if (order == ORDER_SIZE)
        order_size(datasets, list);
    for (size_t i = datasets->count; order == ORDER_RANDOM && i > 1; i--) {
        size_t other = random_next(&seed) % i; // the bias of % is below 2^-37
        uint32_t kept = list[i - 1];

        list[i - 1] = list[other];
        list[other] = kept;
    }
    return list;
}
