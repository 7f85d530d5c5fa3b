// SPDX-License-Identifier: Apache-2.0
#include "spider/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/pool.h"
#include "modulefile/tclfile.h"
#include "spider/folder.h"

enum {
    FEW_PLACES = 64,
    BATCH = 32, // files
    ALONE = 16, // so few are quicker done without threads
    MAX_ENGINES = 64,
    MAX_FILE = 4 << 20,
};
#define SECOND_NS 1000000000LL

struct spider_workers {
    struct pool *pool; // NULL: all is done by the thread that walks
    pthread_mutex_t lock;
    pthread_t main;
    // an interpreter of Tcl is of the thread that made it
    struct idle {
        struct engine *engine;
        pthread_t thread;
    } idle[MAX_ENGINES];
    size_t count;
    struct rlimit space; // as it was before there were threads
};

int64_t worker_stamp(int64_t changed_ns)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t coarse = changed_ns % 1000000 ? SECOND_NS / 10 : 2 * SECOND_NS;
    return clock_ns(now) - changed_ns < coarse ? 0 : changed_ns;
}

void worker_begin(struct spider *spider)
{
    spider->workers = mem_zero(1, sizeof *spider->workers);
    pthread_mutex_init(&spider->workers->lock, NULL);
    spider->workers->main = pthread_self();
}

void worker_wait(struct spider *spider)
{
    if (spider->workers->pool)
        pool_drain(spider->workers->pool);
}

static struct engine *take_idle(struct spider_workers *work)
{
    struct engine *engine = NULL;
    pthread_mutex_lock(&work->lock);
    for (size_t i = 0; i < work->count && !engine; i++)
        if (pthread_equal(work->idle[i].thread, pthread_self())) {
            engine = work->idle[i].engine;
            work->idle[i] = work->idle[--work->count];
        }
    pthread_mutex_unlock(&work->lock);
    return engine;
}

static void drop_engine(struct engine *engine, int ends_thread)
{
    struct tclfile *tcl = ends_thread ? TAKE(engine->tcl) : NULL;
    engine_free(engine);
    tclfile_end(tcl);
    free(engine);
}

static void drop_own(void *data)
{
    struct engine *engine;
    while ((engine = take_idle(data)))
        drop_engine(engine, 1);
}

void worker_end(struct spider *spider)
{
    struct spider_workers *work = spider->workers;
    if (!work)
        return;
    if (work->pool)
        tclfile_unguard(&work->space);
    pool_free(work->pool);
    struct engine *engine;
    while ((engine = take_idle(work)))
        drop_engine(engine, 0);
    pthread_mutex_destroy(&work->lock);
    free(work);
    spider->workers = NULL;
}

static struct engine *take_engine(struct spider *spider)
{
    struct spider_workers *work = spider->workers;
    struct engine *engine = take_idle(work);
    if (!engine) {
        engine = mem_zero(1, sizeof *engine);
        gather_begin(engine, spider->ask.environment, spider->ask.shell);
    }
    if (!pthread_equal(pthread_self(), work->main))
        engine->lock = &work->lock;
    return engine;
}

static void give_engine(struct spider *spider, struct engine *engine)
{
    struct spider_workers *work = spider->workers;
    pthread_mutex_lock(&work->lock);
    if (work->count < MAX_ENGINES)
        work->idle[work->count++] = (struct idle){TAKE(engine), pthread_self()};
    pthread_mutex_unlock(&work->lock);
    if (engine)
        drop_engine(engine, 0);
}

static void begin_threads(struct spider_workers *work, unsigned threads)
{
    struct err err = {0};
    work->pool = pool_new(threads, &err);
    if (!work->pool)
        return;
    pool_at_end(work->pool, drop_own, work);
    tclfile_guard(&work->space);
}

static void start(struct spider *spider, int alone, void (*run)(void *), void (*done)(void *),
                  void *data)
{
    struct spider_workers *work = spider->workers;
    if (!work->pool && !alone && spider->ask.threads > 1)
        begin_threads(work, spider->ask.threads);
    if (work->pool) {
        pool_add(work->pool, run, done, data);
        return;
    }
    run(data);
    done(data);
}

static void add_place(struct listing *listing, char *path, int64_t changed_ns, uint64_t inode)
{
    mem_room(&listing->place, &listing->room, listing->places + 1, sizeof *listing->place);
    listing->place[listing->places++] = (struct spider_place){path, changed_ns, inode};
}

// A folder that was read, and the rc files in it.
static void add_places(struct listing *listing, const struct folder_of_modules *folder)
{
    static const char *const names[] = {NULL, ".modulerc.lua", ".modulerc", ".version"};
    if (!folder->is_there)
        return;
    add_place(listing, mem_dup(folder->path), worker_stamp(folder->changed_ns), folder->inode);
    for (size_t i = 1; i < COUNT(names); i++) {
        struct stat found;
        if (!(folder->specials & 1U << i))
            continue;
        char *path = mem_print("%s/%s", folder->path, names[i]);
        if (stat(path, &found) == 0)
            add_place(listing, path, worker_stamp(clock_ns(found.st_mtim)),
                      (uint64_t)found.st_size);
        else
            free(path);
    }
}

// A file that asks what is available has looked at folders.
static void forget_folders(struct engine *engine)
{
    folders_run_rc *run = engine->catalog.folders.run;
    struct catalog_rules rules = engine->catalog.rules;
    rules.lua_only = 0; // what is kept is of all
    catalog_free(&engine->catalog);
    engine->catalog = (struct catalog){.folders = {.run = run, .data = engine}, .rules = rules};
}

static void run_list(void *data)
{
    struct listing *listing = data;
    struct engine *engine = take_engine(listing->spider);
    struct catalog *catalog = &engine->catalog;
    forget_folders(engine);
    catalog->folders.wants_times = 1;
    catalog_list(catalog, listing->folder->path, &listing->list);
    for (size_t i = 0; i < catalog->folders.count; i++)
        add_places(listing, catalog->folders.item[i]);
    for (size_t i = 0; i < catalog->folders.rcs; i++) {
        const struct rc *rc = &catalog->folders.rc[i]->rc;
        for (size_t k = 0; k < rc->count; k++)
            rc_add_entry(&listing->rc, &rc->item[k]);
    }
    forget_folders(engine);
    give_engine(listing->spider, engine);
}

void listing_free(struct listing *listing)
{
    for (size_t i = 0; i < listing->places; i++)
        free((char *)listing->place[i].path);
    free(listing->place);
    catalog_list_free(&listing->list);
    rc_free(&listing->rc);
    free(listing);
}

void worker_list(struct spider *spider, struct spider_folder *folder, void (*done)(void *))
{
    struct listing *listing = mem_zero(1, sizeof *listing);
    listing->spider = spider;
    listing->folder = folder;
    start(spider, 1, run_list, done, listing);
}

static void run_check(void *data)
{
    struct checking *checking = data;
    checking->is_current = folder_is_current(checking->old);
}

// Many folders are a matter of waiting where the file system is far away.
void worker_check(struct spider *spider, const struct checking *checking, void (*done)(void *))
{
    struct checking *own = mem_alloc(sizeof *own);
    *own = *checking;
    // beside the first there is nothing to be done yet
    start(spider, own->old->places < FEW_PLACES || spider->count == 1, run_check, done, own);
}

static void evaluate(struct engine *engine, const struct spider_module *module,
                     struct gathered *gathered, struct stamp *stamp)
{
    CLEANUP_STR struct str text = {0};
    struct stat found;
    struct err err = {0};
    CLEANUP_FREE char *file = spider_file(module);
    CLEANUP_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &found) < 0 || !S_ISREG(found.st_mode) || found.st_size > MAX_FILE)
        return; // it is there, and says nothing
    mem_room(&text.text, &text.room, (size_t)found.st_size + 1, 1);
    ssize_t got = 0;
    while (text.size < (size_t)found.st_size &&
           (got = read(fd, text.text + text.size, (size_t)found.st_size - text.size)) > 0)
        text.size += (size_t)got;
    text.text[text.size] = '\0';
    *stamp = (struct stamp){worker_stamp(clock_ns(found.st_mtim)), found.st_size};
    const struct gather_of of = {module->name, module->full, module->version, file, &text};
    gather_file(engine, &of, gathered, &err);
}

static void run_batch(void *data)
{
    struct batch *batch = data;
    struct engine *engine = take_engine(batch->spider);
    for (size_t i = 0; i < batch->count; i++)
        evaluate(engine, batch->module[i], &batch->gathered[i], &batch->stamp[i]);
    give_engine(batch->spider, engine);
}

void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        gathered_free(&batch->gathered[i]);
    free(batch->module);
    free(batch->gathered);
    free(batch->stamp);
    free(batch);
}

static struct batch *new_batch(struct spider *spider, struct spider_module **module,
                               size_t count)
{
    struct batch *batch = mem_zero(1, sizeof *batch);
    batch->spider = spider;
    batch->count = count;
    batch->module = mem_alloc(count * sizeof(void *));
    memcpy(batch->module, module, count * sizeof(void *));
    batch->gathered = mem_zero(count, sizeof *batch->gathered);
    batch->stamp = mem_zero(count, sizeof *batch->stamp);
    return batch;
}

void worker_evaluate_now(struct spider *spider, struct spider_module *module, int looks,
                         void (*done)(void *))
{
    struct batch *batch = new_batch(spider, &module, 1);
    batch->gathered[0].wants_help = looks;
    run_batch(batch);
    done(batch);
}

void worker_evaluate(struct spider *spider, struct spider_module **module, size_t count,
                     void (*done)(void *))
{
    int alone = count <= ALONE;
    for (size_t from = 0; from < count; from += BATCH) {
        struct batch *batch =
            new_batch(spider, module + from, count - from < BATCH ? count - from : BATCH);
        start(spider, alone, run_batch, done, batch);
    }
}
