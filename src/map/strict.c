// SPDX-License-Identifier: Apache-2.0
// strict: a file that changes while it is read has no hash; what has none is not known to have
// changed.
#include "map/strict.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/pool.h"

#define THREADS 4 // reading, from a disk that may be far away

struct check { // of one dataset
    const struct dataset *dataset;
    uint64_t before;
    int dir;
    uint8_t *changed;
};

uint64_t strict_hash(const struct dataset *dataset, int dir, int64_t size, int64_t mtime)
{
    int64_t size_now, mtime_now;
    uint64_t hash;
    if (size < 0 || hash_file(dir, dataset->column[0], &hash, NULL) < 0)
        return 0;
    dataset_stat(dataset, dir, &size_now, &mtime_now);
    return size_now == size && mtime_now == mtime ? hash : 0;
}

// In a thread of the pool.
static void check_one(void *context)
{
    struct check *check = context;
    const struct dataset *dataset = check->dataset;
    uint64_t now = strict_hash(dataset, check->dir, dataset->size, dataset->mtime);
    *check->changed = now != check->before;
}

static int is_judged(const struct dataset *dataset, const struct outcome *outcome)
{
    return outcome->state == OUTCOME_DONE && dataset->size >= 0 &&
           dataset->size == outcome->data_size && dataset->mtime == outcome->data_mtime;
}

void strict_check(const struct datasets *datasets, const struct state *state, int dir,
                  uint8_t **ret_changed, size_t *ret_unknown)
{
    struct check *check = mem_alloc(datasets->count * sizeof *check);
    struct pool *pool = pool_new(THREADS, NULL);
    size_t count = 0;
    *ret_changed = mem_zero(datasets->count, 1);
    *ret_unknown = 0;
    for (size_t i = 0; i < datasets->count; i++) {
        const struct outcome *outcome = &state->outcome[i];
        if (!is_judged(&datasets->item[i], outcome))
            continue;
        *ret_unknown += !outcome->data_hash;
        if (outcome->data_hash)
            check[count++] =
                (struct check){&datasets->item[i], outcome->data_hash, dir, *ret_changed + i};
    }
    for (size_t i = 0; i < count; i++)
        if (pool)
            pool_add(pool, check_one, NULL, &check[i]);
        else
            check_one(&check[i]);
    pool_free(pool);
    free(check);
}
