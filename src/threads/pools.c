// SPDX-License-Identifier: Apache-2.0
// pools: a library is read once for all processes that have mapped the same file.
#include "threads/pools.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/process.h"
#include "threads/lost_hook.h"

enum {
    MOST_MAPS = 64 << 20,
    MOST_ENVIRONMENT = 4 << 20,
    MOST_LINE = 1 << 20,
    MOST_THREADS = 4096,
    MOST_PLAIN = 1000
};

const char *pool_from_name(enum pool_from from)
{
    static const char *const names[] = {[POOL_UNKNOWN] = "unknown",
                                        [POOL_MEMORY] = "memory",
                                        [POOL_ENVIRONMENT] = "environment",
                                        [POOL_CORES] = "cores"};
    return names[from];
}

const char *hook_name(enum hook hook)
{
    static const char *const names[] = {[HOOK_ISOLATED] = "isolated",
                                        [HOOK_DROPPED] = "dropped",
                                        [HOOK_HIDDEN] = "hidden",
                                        [HOOK_LOST] = "lost"};
    return hook > HOOK_THERE ? names[hook] : NULL;
}

struct looking {
    struct pools *pools;
    struct pools_process *process;
    size_t room;
    const char *open_root;
    int guarded; // the hook's extension is mapped
};

static size_t find_library(struct looking *looking, const struct maps_file *file)
{
    struct pools *pools = looking->pools;
    for (size_t i = 0; i < pools->count; i++)
        if (pools->library[i].inode == file->inode &&
            strlen(pools->library[i].path) == file->path_size &&
            memcmp(pools->library[i].path, file->path, file->path_size) == 0)
            return i;
    mem_room(&pools->library, &pools->room, pools->count + 1, sizeof *pools->library);
    library_read(file, looking->open_root, &pools->library[pools->count]);
    return pools->count++;
}

static uint64_t key_of(const struct maps_file *file)
{
    uint64_t key = file->inode;
    for (size_t i = 0; i < file->path_size; i++)
        key = (key ^ (unsigned char)file->path[i]) * UINT64_C(1099511628211);
    return key;
}

// By its name, or by what it exports; of each file that is asked once.
static int is_pool(struct looking *looking, const struct maps_file *file)
{
    struct pools *pools = looking->pools;
    if (library_is(file->path, file->path_size))
        return 1;
    uint64_t key = key_of(file);
    for (size_t i = 0; i < pools->plain_count; i++)
        if (pools->plain[i] == key)
            return 0;
    if (pools->plain_count == MOST_PLAIN)
        return 0;
    if (library_is_by_exports(file, looking->open_root))
        return 1;
    mem_room(&pools->plain, &pools->plain_room, pools->plain_count + 1, sizeof *pools->plain);
    pools->plain[pools->plain_count++] = key;
    return 0;
}

static void on_file(void *context, const struct maps_file *file)
{
    struct looking *looking = context;
    struct pools_process *process = looking->process;
    looking->guarded |= lost_hook_is_guard(file->path, file->path_size);
    if (!is_pool(looking, file))
        return;
    size_t library = find_library(looking, file);
    for (size_t i = 0; i < process->count; i++)
        if (process->pool[i].library == library)
            return;
    const struct library *found = &looking->pools->library[library];
    mem_room(&process->pool, &looking->room, process->count + 1, sizeof *process->pool);
    struct pool *pool = &process->pool[process->count++];
    *pool = (struct pool){.library = library};
    if (found->counts && !file->offset) {
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        uint64_t moved = file->begin - (found->low & ~(page - 1));
        pool->low = found->low + moved;
        pool->high = found->high + moved;
    }
}

// A number of 32 bits in its memory. Returns 0, or -1.
static int peek(pid_t pid, uint64_t at, uint32_t *ret)
{
    struct iovec mine = {ret, sizeof *ret};
    struct iovec its = {(void *)(uintptr_t)at, sizeof *ret}; // NOLINT: an address there
    return process_vm_readv(pid, &mine, 1, &its, 1, 0) == (ssize_t)sizeof *ret ? 0 : -1;
}

// OpenBLAS's own figures, where it shows them.
static int read_counters(pid_t pid, const struct library *library, struct pool *pool)
{
    uint32_t used = 0, made = 0, up = 0;
    uint64_t moved = pool->low - library->low;
    if (!library->used || !pool->low || peek(pid, library->used + moved, &used) < 0 || !used ||
        used > MOST_THREADS)
        return -1;
    pool->threads = used;
    pool->from = POOL_MEMORY;
    pool->by = library->variable;
    if (library->made && library->up && peek(pid, library->made + moved, &made) == 0 &&
        peek(pid, library->up + moved, &up) == 0 && up && made <= MOST_THREADS)
        pool->made = made;
    return 0;
}

static void count_threads(const struct pools *pools, const char *root,
                          const struct census_process *process, const struct str *environment,
                          struct pool *pool)
{
    const struct library *library = &pools->library[pool->library];
    if (!*root && read_counters(process->pid, library, pool) == 0)
        return;
    unsigned cpus = cpuset_count(&process->cpus);
    pool->threads = library_by_environment(library, environment, cpus, &pool->by);
    pool->from = !pool->threads ? POOL_UNKNOWN : pool->by ? POOL_ENVIRONMENT : POOL_CORES;
    if (!pool->by)
        pool->by = library->variable;
}

static enum hook find_hook(const char *root, pid_t pid, const struct str *environment,
                           int guarded)
{
    CLEANUP_STR struct str line = {0};
    char program[1024];
    CLEANUP_FREE char *path = mem_print("%s/proc/%d/exe", root, (int)pid);
    ssize_t size = readlink(path, program, sizeof program - 1);
    if (size <= 0)
        return HOOK_NONE;
    program[size] = '\0';
    if (census_file(root, pid, "cmdline", MOST_LINE, &line) < 0)
        return HOOK_NONE;
    return lost_hook(program, &line, environment, guarded);
}

// Where the process sees its files: below /proc/PID/root if it has another root than we.
static char *root_of(const char *root, pid_t pid)
{
    char target[8];
    CLEANUP_FREE char *path = mem_print("%s/proc/%d/root", root, (int)pid);
    ssize_t size = readlink(path, target, sizeof target);
    if (size < 0 || (size == 1 && *target == '/'))
        return mem_dup(root);
    return TAKE(path);
}

void pools_look(struct pools *pools, const char *root, const struct census_process *process,
                int in_task, int64_t age_ms, struct pools_process *ret)
{
    static const char task[] = "LOPIN_TASK=";
    CLEANUP_STR struct str maps = {0};
    CLEANUP_STR struct str environment = {0};
    pools_process_free(ret);
    CLEANUP_FREE char *open_root = root_of(root, process->pid);
    struct looking looking = {pools, ret, 0, open_root, 0};
    ret->read = census_file(root, process->pid, "maps", MOST_MAPS, &maps) < 0 ? -1 : 1;
    if (ret->read < 0)
        return;
    census_file(root, process->pid, "environ", MOST_ENVIRONMENT, &environment);
    maps_read(str_text(&maps), maps.size, on_file, &looking);
    for (size_t i = 0; i < ret->count; i++)
        count_threads(pools, root, process, &environment, &ret->pool[i]);
    ret->in_task = in_task || process_entry(&environment, task, sizeof task - 1) != NULL;
    if (ret->in_task && (age_ms < 0 || age_ms >= LOST_HOOK_YOUNG_MS))
        ret->hook = find_hook(root, process->pid, &environment, looking.guarded);
}

void pools_process_free(struct pools_process *process)
{
    free(process->pool);
    *process = (struct pools_process){0};
}

void pools_free(struct pools *pools)
{
    for (size_t i = 0; i < pools->count; i++)
        library_free(&pools->library[i]);
    free(pools->library);
    free(pools->plain);
    *pools = (struct pools){0};
}
