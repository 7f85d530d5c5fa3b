// SPDX-License-Identifier: Apache-2.0
// cgroup: control groups as cgroups(7), mountinfo as proc(5).
//
// /proc/self/cgroup gives a path in the hierarchy, mountinfo says which part of the hierarchy
// is mounted where. In a container the path can begin with the mount's root (then it is cut
// off), be "/" (own namespace), or lie outside ("/../x", or a path of the host): then only the
// mount's top can be seen. Invariant: a file that is missing or odd is no limit, never an
// error.
#include "machine/cgroup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/mem.h"

// Is `word` one of the comma-separated words of text[0..size)?
static int has_word(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text, *end = text + size; at <= end; at++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;
        if ((size_t)(stop - at) == length && memcmp(at, word, length) == 0)
            return 1;
        at = stop;
    }
    return 0;
}

// Our path in the v2 hierarchy (controller NULL), or in the v1 hierarchy of the controller.
// NULL if there is none. Yours.
static char *own_path(const char *cgroup, const char *controller)
{
    for (const char *line = cgroup; *line;) {
        size_t size = strcspn(line, "\n");
        const char *names = memchr(line, ':', size);
        const char *path =
            names ? memchr(names + 1, ':', size - (size_t)(names + 1 - line)) : NULL;
        if (path) {
            size_t names_size = (size_t)(path - ++names);
            path++;
            if (controller ? has_word(names, names_size, controller)
                           : names_size == 0 && str_starts(line, "0:"))
                return mem_dupn(path, size - (size_t)(path - line));
        }
        line += size + (line[size] == '\n');
    }
    return NULL;
}

struct mount { // parts of one line of mountinfo, borrowed
    const char *root, *point, *type, *options;
    size_t root_size, point_size, type_size, options_size;
};

// The next word of a line, which ends at a space or at `end`. NULL at the end.
static const char *next_word(const char **at, const char *end, size_t *ret_size)
{
    if (*at >= end)
        return NULL;
    const char *word = *at;
    const char *space = memchr(word, ' ', (size_t)(end - word));
    const char *stop = space ? space : end;
    *ret_size = (size_t)(stop - word);
    *at = stop + 1;
    return word;
}

static int read_mount(const char *line, size_t size, struct mount *ret)
{
    const char *end = line + size, *at = line, *word;
    size_t word_size = 0;
    *ret = (struct mount){0};
    for (int number = 0; (word = next_word(&at, end, &word_size)); number++) {
        if (number == 3) {
            ret->root = word;
            ret->root_size = word_size;
        } else if (number == 4) {
            ret->point = word;
            ret->point_size = word_size;
        } else if (number >= 6 && word_size == 1 && *word == '-') {
            ret->type = next_word(&at, end, &ret->type_size);
            next_word(&at, end, &word_size); // the source
            ret->options = next_word(&at, end, &ret->options_size);
            return ret->options && ret->root && ret->point ? 0 : -1;
        }
    }
    return -1;
}

// A name of mountinfo, with its \040 made bytes again. Yours.
static char *plain_name(const char *text, size_t size)
{
    char *name = mem_dupn(text, size), *to = name;
    for (const char *from = name; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
            from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return name;
}

// Adds the folder of `path` below the mount and those above it, up to the mount's own.
static void add_folders(const struct mount *mount, const char *path, struct strv *into)
{
    CLEANUP_FREE char *root = plain_name(mount->root, mount->root_size);
    CLEANUP_FREE char *point = plain_name(mount->point, mount->point_size);
    size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root);
    int inside = strncmp(path, root, skip) == 0 && (path[skip] == '/' || !path[skip]) &&
                 !strstr(path, "/..") && *path == '/';
    CLEANUP_FREE char *below = mem_dup(inside ? path + skip : "");
    for (char *slash = below + strlen(below);;) {
        *slash = '\0';
        if (!*below || below[strlen(below) - 1] != '/')
            strv_take(into, mem_print("%s%s", strcmp(point, "/") == 0 ? "" : point, below));
        slash = strrchr(below, '/');
        if (!slash)
            break;
    }
}

void cgroup_folders(const char *cgroup, const char *mountinfo, const char *controller,
                    struct strv *ret_v1, struct strv *ret_v2)
{
    CLEANUP_FREE char *path_v1 = own_path(cgroup, controller);
    CLEANUP_FREE char *path_v2 = own_path(cgroup, NULL);
    for (const char *line = mountinfo; *line;) {
        size_t size = strcspn(line, "\n");
        struct mount mount;
        if (read_mount(line, size, &mount) == 0) {
            if (path_v2 && mount.type_size == 7 && memcmp(mount.type, "cgroup2", 7) == 0)
                add_folders(&mount, path_v2, ret_v2);
            else if (path_v1 && mount.type_size == 6 && memcmp(mount.type, "cgroup", 6) == 0 &&
                     has_word(mount.options, mount.options_size, controller))
                add_folders(&mount, path_v1, ret_v1);
        }
        line += size + (line[size] == '\n');
    }
}

int cgroup_read(const char *root, const char *folder, const char *name, struct str *into)
{
    CLEANUP_FREE char *path = mem_print("%s%s/%s", root, folder, name);
    str_clear(into);
    return fs_read(AT_FDCWD, path, 1 << 20, into, NULL);
}

// Of the process whose folder below /proc this is; what is mounted is what we see.
static void find(const char *root, const char *process, const char *controller,
                 struct strv *ret_v1, struct strv *ret_v2)
{
    CLEANUP_STR struct str cgroup = {0};
    CLEANUP_STR struct str mounts = {0};
    if (cgroup_read(root, process, "cgroup", &cgroup) == 0 &&
        cgroup_read(root, "/proc/self", "mountinfo", &mounts) == 0)
        cgroup_folders(str_text(&cgroup), str_text(&mounts), controller, ret_v1, ret_v2);
}

void cgroup_find(const char *root, const char *controller, struct strv *ret_v1,
                 struct strv *ret_v2)
{
    find(root, "/proc/self", controller, ret_v1, ret_v2);
}

static double cpus_of(long quota, long period)
{
    return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

static double read_v1(const char *root, const char *folder)
{
    CLEANUP_STR struct str quota = {0}, period = {0};
    if (cgroup_read(root, folder, "cpu.cfs_quota_us", &quota) < 0 ||
        cgroup_read(root, folder, "cpu.cfs_period_us", &period) < 0)
        return 0;
    return cpus_of(strtol(str_text(&quota), NULL, 10), strtol(str_text(&period), NULL, 10));
}

static double read_v2(const char *root, const char *folder)
{
    CLEANUP_STR struct str text = {0};
    if (cgroup_read(root, folder, "cpu.max", &text) < 0 || str_starts(str_text(&text), "max"))
        return 0;
    char *rest;
    long quota = strtol(str_text(&text), &rest, 10);
    return cpus_of(quota, *rest == ' ' ? strtol(rest, NULL, 10) : 100000);
}

// The folder's inode is the group's own number in the kernel (kernfs).
static uint64_t key_of(const char *root, const char *folder)
{
    CLEANUP_FREE char *path = mem_print("%s%s", root, folder);
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_ino ^ (uint64_t)st.st_dev << 16 : 0;
}

static void add_quotas(const char *root, const struct strv *folders,
                       double read(const char *root, const char *folder),
                       struct cgroup_quota *ret, size_t *count)
{
    for (size_t i = 0; i < folders->count && *count < CGROUP_QUOTAS; i++) {
        double cpus = read(root, folders->item[i]);
        size_t whole = cpus < 1 ? 1 : (size_t)(cpus + 1 - 1e-6);
        if (cpus > 0)
            ret[(*count)++] =
                (struct cgroup_quota){cpus, whole, key_of(root, folders->item[i])};
    }
}

static size_t quotas_of(const char *root, const char *process,
                        struct cgroup_quota ret[CGROUP_QUOTAS])
{
    CLEANUP_STRV struct strv v1 = {0}, v2 = {0};
    size_t count = 0;
    find(root, process, "cpu", &v1, &v2);
    add_quotas(root, &v1, read_v1, ret, &count);
    add_quotas(root, &v2, read_v2, ret, &count);
    return count;
}

size_t cgroup_quotas(const char *root, struct cgroup_quota ret[CGROUP_QUOTAS])
{
    return quotas_of(root, "/proc/self", ret);
}

size_t cgroup_quotas_of(const char *root, long pid, struct cgroup_quota ret[CGROUP_QUOTAS])
{
    CLEANUP_FREE char *process = mem_print("/proc/%ld", pid);
    return quotas_of(root, process, ret);
}
