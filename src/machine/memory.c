// SPDX-License-Identifier: Apache-2.0
// memory: the memory controllers of cgroups(7), Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/memory.rst.
//
// Invariant: a file that is missing or odd is no limit, never an error. A group's use includes file
// cache, which the kernel drops before it kills: what is on the lists of files does not count (shared
// memory and tmpfs are not on these lists, and do).
#include "machine/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "machine/cgroup.h"
#include "machine/job.h"

#define LEVELS    8                  // of groups with a limit of their own
#define TEXT_SIZE 16384              // of a file of the kernel
#define UNLIMITED (INT64_MAX / 4096) // KiB: what v1 says for none is near to it

struct level {
    int64_t limit_kb;
    int use, stat; // descriptors
    int v2;
};
struct memory_gauge {
    struct level level[LEVELS];
    size_t levels;
    int kills; // descriptor, or -1
};

static int64_t to_kb(const char *text)
{
    if (*text < '0' || *text > '9')
        return UNLIMITED; // "max"
    errno = 0;
    unsigned long long bytes = strtoull(text, NULL, 10);
    return errno || bytes / 1024 > UNLIMITED ? UNLIMITED : (int64_t)(bytes / 1024);
}

static int64_t file_kb(const char *root, const char *folder, const char *name)
{
    CLEANUP_STR struct str text = {0};
    return cgroup_read(root, folder, name, &text) < 0 ? UNLIMITED : to_kb(str_text(&text));
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t folder_limit(const char *root, const char *folder, int v2)
{
    if (!v2)
        return file_kb(root, folder, "memory.limit_in_bytes");
    return least(file_kb(root, folder, "memory.max"), file_kb(root, folder, "memory.high"));
}

// The number that stands behind `name` at the beginning of a line; 0 if it is not there.
static int64_t number_of(const char *text, const char *name)
{
    size_t size = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, size) == 0 && (line[size] == ' ' || line[size] == ':'))
            return strtoll(line + size + 1, NULL, 10);
    }
    return 0;
}

static int64_t machine_kb(const char *root)
{
    CLEANUP_STR struct str text = {0};
    return cgroup_read(root, "/proc", "meminfo", &text) < 0
               ? 0
               : number_of(str_text(&text), "MemTotal");
}

static void lower(const char *root, const struct strv *folders, int v2,
                  struct memory_limit *limit)
{
    for (size_t i = 0; i < folders->count; i++) {
        int64_t kb = folder_limit(root, folders->item[i], v2);
        if (kb < UNLIMITED && (!limit->kb || kb < limit->kb))
            *limit = (struct memory_limit){.kb = kb, .by = MEMORY_BY_CGROUP};
    }
}

const char *memory_by_words(enum memory_by by)
{
    switch (by) {
    case MEMORY_BY_ASKED: return "--mem";
    case MEMORY_BY_ALLOC: return "lopin alloc";
    case MEMORY_BY_CGROUP: return _("the control group");
    case MEMORY_BY_SLURM: return _("the Slurm job");
    case MEMORY_BY_MACHINE: break;
    }
    return _("this machine");
}

static int64_t parcel_kb(const struct vars *vars)
{
    unsigned long kb;
    const char *text = vars ? vars_get(vars, MEMORY_PARCEL) : NULL;
    return text && str_number(text, (unsigned long)UNLIMITED, &kb) == 0 ? (int64_t)kb : 0;
}

void memory_limit_read(const struct machine_source *source, struct memory_limit *ret)
{
    CLEANUP_STRV struct strv v1 = {0};
    CLEANUP_STRV struct strv v2 = {0};
    *ret = (struct memory_limit){.kb = machine_kb(source->root), .by = MEMORY_BY_MACHINE};
    int64_t slurm = job_memory_kb(source->vars);
    if (slurm && (!ret->kb || slurm < ret->kb))
        *ret = (struct memory_limit){.kb = slurm, .by = MEMORY_BY_SLURM};
    int64_t alloc = parcel_kb(source->vars);
    if (alloc && (!ret->kb || alloc < ret->kb))
        *ret = (struct memory_limit){.kb = alloc, .by = MEMORY_BY_ALLOC};
    cgroup_find(source->root, "memory", &v1, &v2);
    lower(source->root, &v1, 0, ret);
    lower(source->root, &v2, 1, ret);
}

static int open_below(const char *root, const char *folder, const char *name)
{
    CLEANUP_FREE char *path = mem_print("%s%s/%s", root, folder, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void add_level(struct memory_gauge *gauge, const char *root, const char *folder, int v2)
{
    struct level level = {.limit_kb = folder_limit(root, folder, v2), .v2 = v2};
    if (gauge->kills < 0)
        gauge->kills = open_below(root, folder, v2 ? "memory.events" : "memory.oom_control");
    if (level.limit_kb >= UNLIMITED || gauge->levels == LEVELS)
        return;
    level.use = open_below(root, folder, v2 ? "memory.current" : "memory.usage_in_bytes");
    level.stat = open_below(root, folder, "memory.stat");
    gauge->level[gauge->levels++] = level;
}

struct memory_gauge *memory_gauge_new(const char *root)
{
    struct memory_gauge *gauge = mem_zero(1, sizeof *gauge);
    CLEANUP_STRV struct strv v1 = {0};
    CLEANUP_STRV struct strv v2 = {0};
    gauge->kills = -1;
    cgroup_find(root, "memory", &v1, &v2);
    for (size_t i = 0; i < v1.count; i++)
        add_level(gauge, root, v1.item[i], 0);
    for (size_t i = 0; i < v2.count; i++)
        add_level(gauge, root, v2.item[i], 1);
    if (gauge->kills < 0)
        gauge->kills = open_below(root, "/proc", "vmstat");
    return gauge;
}

void memory_gauge_free(struct memory_gauge *gauge)
{
    if (!gauge)
        return;
    for (size_t i = 0; i < gauge->levels; i++) {
        mem_close_at(&gauge->level[i].use);
        mem_close_at(&gauge->level[i].stat);
    }
    mem_close_at(&gauge->kills);
    free(gauge);
}

// A file of the kernel from its beginning. Returns 0, or -1.
static int read_again(int fd, char text[TEXT_SIZE])
{
    ssize_t got = fd < 0 ? -1 : pread(fd, text, TEXT_SIZE - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    return got > 0 ? 0 : -1;
}

static int64_t cache_kb(const struct level *level)
{
    char text[TEXT_SIZE];
    if (read_again(level->stat, text) < 0)
        return 0;
    // v1's names without total_ are of the group alone, without those below it.
    int64_t bytes =
        level->v2
            ? number_of(text, "inactive_file") + number_of(text, "active_file") +
                  number_of(text, "slab_reclaimable")
            : number_of(text, "total_inactive_file") + number_of(text, "total_active_file");
    return bytes > 0 ? bytes / 1024 : 0;
}

void memory_gauge_read(struct memory_gauge *gauge, struct memory_use *ret)
{
    *ret = (struct memory_use){0};
    for (size_t i = 0; i < gauge->levels; i++) {
        const struct level *level = &gauge->level[i];
        char text[TEXT_SIZE];
        if (read_again(level->use, text) < 0)
            continue;
        int64_t used = to_kb(text);
        int64_t cache = cache_kb(level);
        used = cache < used ? used - cache : 0;
        if (!ret->limit_kb || level->limit_kb - used < ret->limit_kb - ret->used_kb)
            *ret = (struct memory_use){.used_kb = used, .limit_kb = level->limit_kb};
    }
}

int64_t memory_gauge_kills(struct memory_gauge *gauge)
{
    char text[TEXT_SIZE];
    return read_again(gauge->kills, text) < 0 ? -1 : number_of(text, "oom_kill");
}
