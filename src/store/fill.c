// SPDX-License-Identifier: Apache-2.0
// fill: wheels into entries, by a pool of threads: each wheel is hashed, looked up and planned by
// one of them, its files are unpacked in chunks by all, then its sources are compiled, and the entry
// gets its name.
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/pool.h"
#include "store/fill_parts.h"

enum { CHUNK_FILES = 128, CHUNK_BYTES = 4 << 20 };

struct chunk {
    struct work *work;
    size_t from, to;
    struct arena arena; // hashes of its files: as long as the work
    struct unpack_facts facts;
    struct err err;
    int failed;
};

static void fail(struct work *work, const struct err *err)
{
    if (!work->failed)
        work->err = *err;
    work->failed = 1;
    atomic_store(&work->fill->stop, 1);
}

static void finish_work(void *context)
{
    struct work *work = context;
    struct err err = {0};
    if (!atomic_load(&work->fill->stop) && work_finish(work, &err) == 0)
        work->done = 1;
    else if (err.code)
        fail(work, &err);
}

static void unpack_chunk(void *context)
{
    struct chunk *chunk = context;
    struct work *work = chunk->work;
    if (atomic_load(&work->fill->stop))
        return;
    struct inflater *inflater = fill_inflater(work->fill);
    chunk->failed =
        unpack_files(work->dir, &work->plan, chunk->from, chunk->to, work->fill->mask, inflater,
                     &chunk->arena, &chunk->facts, &chunk->err) < 0;
    fill_give_back(work->fill, inflater);
    if (chunk->failed) {
        err_wrap(&chunk->err, "%s", fs_base(work->wheel->path));
        atomic_store(&work->fill->stop, 1);
    }
}

static void tell(struct fill *fill, enum store_stage stage)
{
    const struct store_progress *progress = &fill->order->progress;
    if (progress->tell)
        progress->tell(progress->context, stage, fill->done[stage], fill->all[stage]);
}

static void chunk_done(void *context)
{
    struct chunk *chunk = context;
    struct work *work = chunk->work;
    struct fill *fill = work->fill;
    for (size_t i = chunk->from; i < chunk->to; i++)
        fill->done[STORE_UNPACK] += work->plan.entry[i] ? work->plan.manifest.file[i].size : 0;
    if (chunk->failed)
        fail(work, &chunk->err);
    else
        unpack_facts_apply(&work->arena, &chunk->facts, &work->plan.manifest);
    unpack_facts_free(&chunk->facts);
    tell(fill, STORE_UNPACK);
    work->chunks_left--;
    if (work->chunks_left || work->failed || atomic_load(&fill->stop))
        return;
    if (fill->order->python && work_sources(work))
        fill->to_compile++;
    else
        pool_add(fill->pool, finish_work, NULL, work);
}

static void add_chunks(struct work *work)
{
    const struct manifest *manifest = &work->plan.manifest;
    size_t count = 0, from = 0;
    uint64_t bytes = 0;
    work->chunk = mem_zero(manifest->file_count + 1, sizeof *work->chunk);
    for (size_t i = 0; i < manifest->file_count; i++) {
        bytes += work->plan.entry[i] ? manifest->file[i].size : 0;
        if (i + 1 < manifest->file_count && i + 1 - from < CHUNK_FILES && bytes < CHUNK_BYTES)
            continue;
        work->chunk[count++] = (struct chunk){.work = work, .from = from, .to = i + 1};
        from = i + 1;
        bytes = 0;
    }
    work->chunk_count = work->chunks_left = count;
    for (size_t i = 0; i < count; i++)
        pool_add(work->fill->pool, unpack_chunk, chunk_done, &work->chunk[i]);
}

static void begin_work(void *context)
{
    struct work *work = context;
    struct err err = {0};
    if (!atomic_load(&work->fill->stop) && work_begin(work, &err) < 0)
        fail(work, &err);
}

static void begun(void *context)
{
    struct work *work = context;
    if (work->failed || !work->dir_open)
        return;
    work->fill->all[STORE_UNPACK] += work->plan.bytes;
    add_chunks(work);
}

static void compiled(void *context, const struct bytecode_item *item)
{
    struct fill *fill = context;
    struct work *work = item->owner;
    work->compiled[item->file] = item->made != 0;
    fill->done[STORE_COMPILE] += item->size;
    tell(fill, STORE_COMPILE);
    if (--work->sources_left == 0)
        pool_add(fill->pool, finish_work, NULL, work);
}

static int compile_all(struct fill *fill, struct err *err)
{
    size_t count = 0, room = 0;
    CLEANUP_FREE struct bytecode_item *item = NULL;
    const struct bytecode_tell told = {compiled, fill};
    for (size_t i = 0; i < fill->order->count; i++) {
        struct work *work = &fill->work[i];
        if (!work->dir_open || work->done)
            continue;
        size_t more = work_sources(work);
        mem_room(&item, &room, count + more, sizeof *item);
        work_list_sources(work, item + count);
        for (size_t j = count; j < count + more; j++)
            fill->all[STORE_COMPILE] += item[j].size;
        count += more;
    }
    int result = bytecode_make(fill->order->python, fill->threads, item, count, &told, err);
    for (size_t i = 0; i < count; i++) {
        free(item[i].source);
        free(item[i].target);
        free(item[i].shown);
    }
    return result;
}

static int larger_first(const void *one, const void *two)
{
    off_t a = (*(struct work *const *)one)->st.st_size,
          b = (*(struct work *const *)two)->st.st_size;
    return (a < b) - (a > b);
}

// Those that the store does not remember: looked at by threads, the large ones first.
static int make_missing(struct fill *fill, struct err *err)
{
    size_t count = 0;
    CLEANUP_FREE struct work **order = mem_alloc((fill->order->count + 1) * sizeof(void *));
    for (size_t i = 0; i < fill->order->count; i++)
        if (!fill->work[i].entry->folder)
            order[count++] = &fill->work[i];
    if (!count)
        return 0;
    fill->threads = fill->order->threads(fill->order->threads_context);
    fill->pool = pool_new(fill->threads, err);
    if (!fill->pool)
        return -1;
    store_sweep(fill->store);
    qsort(order, count, sizeof(void *), larger_first);
    for (size_t i = 0; i < count; i++)
        pool_add(fill->pool, begin_work, begun, order[i]);
    pool_drain(fill->pool);
    int result = 0;
    if (fill->to_compile && !atomic_load(&fill->stop))
        result = compile_all(fill, err);
    pool_drain(fill->pool);
    return result;
}

static void free_work(struct work *work)
{
    for (size_t i = 0; i < work->chunk_count; i++)
        arena_free(&work->chunk[i].arena);
    free(work->chunk);
    work_free(work);
}

static int end_fill(struct fill *fill, struct arena *arena, int result, struct err *err)
{
    for (size_t i = 0; i < fill->order->count; i++) {
        struct work *work = &fill->work[i];
        if (work->failed && result == 0) {
            if (err)
                *err = work->err;
            result = -1;
        }
    }
    for (size_t i = 0; i < fill->order->count && result == 0; i++)
        result = work_load(&fill->work[i], arena, err);
    for (size_t i = 0; i < fill->order->count; i++)
        free_work(&fill->work[i]);
    return result;
}

int store_fill(struct store *store, const struct store_order *order, struct arena *arena,
               struct store_entry *ret, struct err *err)
{
    struct fill fill = {.store = store, .order = order};
    int result = 0;
    fill.mask = umask(0);
    umask(fill.mask);
    pthread_mutex_init(&fill.lock, NULL);
    fill.work = mem_zero(order->count + 1, sizeof *fill.work);
    for (size_t i = 0; i < order->count && result == 0; i++) {
        struct work *work = &fill.work[i];
        work->fill = &fill;
        work->wheel = &order->wheel[i];
        work->entry = &ret[i];
        work->dir = -1;
        work->number = store->number++;
        ret[i] = (struct store_entry){0};
        result = work_recall(work, arena, err);
    }
    if (result == 0)
        result = make_missing(&fill, err);
    pool_free(fill.pool);
    result = end_fill(&fill, arena, result, err);
    while (fill.inflater_count)
        inflater_free(fill.inflater[--fill.inflater_count]);
    free(fill.inflater);
    free(fill.work);
    pthread_mutex_destroy(&fill.lock);
    return result;
}

struct inflater *fill_inflater(struct fill *fill)
{
    struct inflater *inflater = NULL;
    pthread_mutex_lock(&fill->lock);
    if (fill->inflater_count)
        inflater = fill->inflater[--fill->inflater_count];
    pthread_mutex_unlock(&fill->lock);
    return inflater ? inflater : inflater_new();
}

void fill_give_back(struct fill *fill, struct inflater *inflater)
{
    pthread_mutex_lock(&fill->lock);
    mem_room(&fill->inflater, &fill->inflater_room, fill->inflater_count + 1, sizeof(void *));
    fill->inflater[fill->inflater_count++] = inflater;
    pthread_mutex_unlock(&fill->lock);
}
