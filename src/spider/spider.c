// SPDX-License-Identifier: Apache-2.0
#include "spider/spider.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "module/paths.h"
#include "spider/cache.h"
#include "spider/folder.h"
#include "spider/lmodcache.h"
#include "spider/worker.h"

enum { MAX_KEPT = 64 << 20 }; // of a cache's file, with folders that this walk does not come to

static void go_on(struct spider *spider);

static struct spider_folder *visit(struct spider *spider, const char *path)
{
    const uint64_t *place = table_get(&spider->places, path);
    if (place)
        return spider->folder[*place - 1];
    struct spider_folder *folder = mem_zero(1, sizeof *folder);
    folder->path = arena_dup(&spider->arena, path);
    mem_room(&spider->folder, &spider->room, spider->count + 1, sizeof(void *));
    spider->folder[spider->count++] = folder;
    *table_put(&spider->places, folder->path, NULL) = spider->count;
    return folder;
}

// What a module adds to MODULEPATH is walked too.
static void follow(struct spider *spider, const struct spider_module *module)
{
    const char *path = module->paths.first;
    for (size_t i = 0; i < module->paths.count && !spider->ask.shallow;
         i++, path = texts_next(path)) {
        struct spider_folder *folder = visit(spider, path);
        mem_room(&folder->adder, &folder->adder_room, folder->adders + 1, sizeof(void *));
        folder->adder[folder->adders++] = module;
    }
}

static void tell(const struct spider *spider, const struct spider_module *module)
{
    if (!trace_is_on(spider->ask.trace))
        return;
    CLEANUP_FREE char *file = spider_file(module);
    trace_add(spider->ask.trace, "spider %s: %s", module->full, file);
}

static void put_off(struct spider *spider, struct spider_module *module)
{
    mem_room(&spider->later, &spider->later_room, spider->laters + 1, sizeof(void *));
    spider->later[spider->laters++] = module;
}

static void take_batch(void *data)
{
    struct batch *batch = data;
    struct spider *spider = batch->spider;
    for (size_t i = 0; i < batch->count; i++) {
        struct spider_module *module = batch->module[i];
        if (batch->gathered[i].is_later) {
            put_off(spider, module);
            continue;
        }
        tell(spider, module);
        spider->unread |= batch->gathered[i].is_unread;
        spider->changed |= !module->is_open || !module->is_known;
        folder_take(&spider->arena, module, &batch->gathered[i], batch->stamp[i].changed_ns,
                    batch->stamp[i].size);
        follow(spider, module);
    }
    spider->evaluated += batch->count;
    batch_free(batch);
    go_on(spider);
}

// Follows what is known and evaluates the rest.
static void settle(struct spider *spider, struct spider_folder *folder)
{
    struct spider_module **need = mem_alloc((folder->modules + 1) * sizeof(void *));
    size_t count = 0;
    for (size_t i = 0; i < folder->modules; i++) {
        struct spider_module *module = &folder->module[i];
        if (spider->ask.known)
            follow(spider, module);
        else if (!module->is_known || !folder_holds(module, &spider->vars) ||
                 (module->paths.count && !folder_is_same(module)))
            need[count++] = module;
        else
            follow(spider, module);
    }
    if (count)
        worker_evaluate(spider, need, count, take_batch);
    free(need);
}

// What Lmod's cache says of files whose folder has not changed since it was made.
static void take_said(struct spider *spider, struct spider_folder *folder)
{
    CLEANUP_TABLE struct table places = {0};
    lmodcache_open(spider->lmod, &spider->arena, &spider->vars);
    if (!spider->lmod->count)
        return;
    for (size_t i = 0; i < folder->places; i++)
        *table_put(&places, folder->place[i].path, NULL) = i + 1;
    for (size_t i = 0; i < folder->modules; i++) {
        struct spider_module *module = &folder->module[i];
        const char *slash = strrchr(module->full, '/');
        CLEANUP_FREE char *below =
            mem_dupn(module->full, slash ? (size_t)(slash - module->full) : 0);
        const uint64_t *place = table_get(&places, below);
        if (!module->is_known && place)
            lmodcache_take(spider->lmod, &spider->arena, module,
                           folder->place[*place - 1].changed_ns);
    }
}

static void take_listing(void *data)
{
    struct listing *listing = data;
    struct spider *spider = listing->spider;
    struct spider_folder *folder = listing->folder;
    folder_build(&spider->arena, folder, listing);
    for (size_t i = 0; i < 2; i++) {
        struct spider_folder *old = cache_get(&spider->caches[i], folder->path);
        if (old && !spider->ask.anew) {
            folder_reuse(folder, old);
            break;
        }
    }
    if (!spider->ask.anew)
        take_said(spider, folder);
    spider->listed++;
    spider->changed = 1;
    listing_free(listing);
    settle(spider, folder);
    go_on(spider);
}

static void begin(struct spider *spider, struct spider_folder *folder, size_t cache);

static void take_check(void *data)
{
    struct checking checking = *(struct checking *)data;
    struct spider *spider = checking.spider;
    free(data);
    if (checking.is_current) {
        spider->changed |= checking.cache > 0;
        folder_move(checking.folder, checking.old);
        settle(spider, checking.folder);
    } else {
        begin(spider, checking.folder, checking.cache + 1);
    }
    go_on(spider);
}

// By what a cache has of it, of the caches from `cache` on; else by reading it.
static void begin(struct spider *spider, struct spider_folder *folder, size_t cache)
{
    struct stat found;
    for (; cache < 2 && !spider->ask.anew; cache++) {
        struct spider_folder *old = cache_get(&spider->caches[cache], folder->path);
        if (old && spider->ask.known) {
            folder_move(folder, old);
            settle(spider, folder);
            return;
        }
        if (old) {
            const struct checking checking = {spider, folder, old, cache, 0};
            worker_check(spider, &checking, take_check);
            return;
        }
    }
    if (!spider->ask.known && stat(folder->path, &found) == 0 && S_ISDIR(found.st_mode))
        worker_list(spider, folder, take_listing);
}

// Begins with the folders that were met since the last time.
static void go_on(struct spider *spider)
{
    while (spider->begun < spider->count)
        begin(spider, spider->folder[spider->begun++], 0);
}

// What changes the process is done between the threads' work; it may lead to more of that.
static void finish(struct spider *spider)
{
    for (worker_wait(spider); spider->laters; worker_wait(spider))
        worker_evaluate_now(spider, spider->later[--spider->laters], 0, take_batch);
}

void spider_walk(struct spider *spider, const struct spider_ask *ask, const struct strv *path)
{
    *spider = (struct spider){.ask = *ask};
    if (ask->cache)
        spider->ask.cache = arena_dup(&spider->arena, ask->cache);
    vars_copy(&spider->vars, ask->environment);
    spider->caches = mem_zero(2, sizeof *spider->caches);
    spider->lmod = mem_zero(1, sizeof *spider->lmod);
    const char *files[] = {ask->cache, ask->site_cache};
    for (size_t i = 0; i < COUNT(files) && !ask->anew; i++)
        if (files[i])
            cache_open(&spider->caches[i], &spider->arena, files[i]);
    worker_begin(spider);
    for (size_t i = 0; i < path->count; i++) {
        CLEANUP_FREE char *regular = paths_regular(path->item[i]);
        if (*regular == '/')
            visit(spider, regular);
    }
    go_on(spider);
    finish(spider);
    worker_end(spider);
    for (size_t i = 0; i < ask->base->count; i++) {
        CLEANUP_FREE char *regular = paths_regular(ask->base->item[i]);
        const uint64_t *place = table_get(&spider->places, regular);
        if (place)
            spider->folder[*place - 1]->is_base = 1;
    }
    folder_hide(spider);
}

int spider_check(struct spider *spider, struct spider_module *const *module, size_t count)
{
    int again = 0;
    for (size_t i = 0; i < count; i++) {
        struct spider_module *one = module[i];
        if (folder_rc_changed(one))
            return 1;
        if (folder_is_same(one))
            continue;
        const struct texts before = one->paths;
        if (!spider->workers)
            worker_begin(spider);
        tell(spider, one);
        worker_evaluate_now(spider, one, 0, folder_take_alone);
        spider->changed = 1;
        again |= !texts_same(before, one->paths);
    }
    worker_end(spider);
    return again;
}

void spider_look(struct spider *spider, struct spider_module *module)
{
    tell(spider, module);
    worker_begin(spider);
    worker_evaluate_now(spider, module, 1, folder_take_alone);
    worker_end(spider);
}

void spider_save(struct spider *spider)
{
    CLEANUP_CACHE_TEXT struct cache_text text = {0};
    struct err err = {0};
    const struct spider_cache *own = &spider->caches[0];
    if (!spider->ask.cache || !spider->changed)
        return;
    cache_add_head(&text);
    for (size_t i = 0; i < spider->count; i++)
        if (spider->folder[i]->places)
            cache_add_folder(&text, spider->folder[i]);
    for (size_t i = 0; i < own->count && text.all.size < MAX_KEPT; i++)
        if (!table_get(&spider->places, own->part[i].path))
            cache_add_part(&text, own, i);
    cache_add_end(&text);
    CLEANUP_FREE char *folder = fs_folder(spider->ask.cache);
    if (fs_make_dirs(AT_FDCWD, folder, 0777, &err) == 0 &&
        fs_replace(AT_FDCWD, spider->ask.cache, text.all.text, text.all.size, 0666, 0, &err) ==
            0)
        spider->changed = 0;
}

void spider_free(struct spider *spider)
{
    worker_end(spider);
    for (size_t i = 0; i < spider->count; i++) {
        free(spider->folder[i]->adder);
        free(spider->folder[i]);
    }
    for (size_t i = 0; spider->caches && i < 2; i++)
        cache_close(&spider->caches[i]);
    free(spider->caches);
    if (spider->lmod)
        lmodcache_close(spider->lmod);
    free(spider->lmod);
    free(spider->folder);
    free(spider->later);
    table_free(&spider->places);
    vars_free(&spider->vars);
    arena_free(&spider->arena);
    *spider = (struct spider){0};
}
