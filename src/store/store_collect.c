// SPDX-License-Identifier: Apache-2.0
// store_collect: entries that nobody needs any more are removed.
//
// An entry is moved aside before it is removed, and a moment later looked at once more: who takes an
// entry says so by its manifest's time (store_load) before it links to it, and one that was taken
// meanwhile gets its name back. A kill leaves only what the next sweep removes.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "store/store_parts.h"

#define SEEN_FOLDER ".seen"
enum { MANIFEST_MOST = 1 << 28 };

static int last_used(const struct store *store, const char *name, time_t *ret)
{
    struct stat st;
    CLEANUP_FREE char *path = mem_print("%s/" MANIFEST_FILE, name);
    if (fstatat(store->dir, path, &st, 0) == 0 ||
        fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret = st.st_mtime;
        return st.st_uid == geteuid();
    }
    return 0;
}

// Without store_load, for which reading is taking.
static uint64_t size_of(const struct store *store, const char *name)
{
    struct arena arena = {0};
    struct manifest manifest;
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/" MANIFEST_FILE, name);
    uint64_t size = 0;
    if (fs_read(store->dir, path, MANIFEST_MOST, &text, NULL) == 0 &&
        manifest_read(&arena, text.text, text.size, &manifest, NULL) == 0)
        for (size_t i = 0; i < manifest.file_count; i++)
            size += manifest.file[i].size;
    arena_free(&arena);
    return size;
}

struct candidate {
    const char *name;
    char *aside; // where it is now; NULL: it was not moved
    uint64_t size;
};

static int is_candidate(struct store *store, const struct store_collect *collect,
                        const char *name)
{
    time_t used;
    return last_used(store, name, &used) && used < collect->before &&
           !collect->is_used(collect->context, name);
}

static void move_aside(struct store *store, struct candidate *candidate)
{
    char *aside = mem_print("%s%lu", store_prefix(store), store->number++);
    candidate->size = size_of(store, candidate->name);
    if (renameat(store->dir, candidate->name, store->dir, aside) == 0)
        candidate->aside = aside;
    else
        free(aside);
}

// Returns 1 if it is gone, 0 if it was taken meanwhile.
static int remove_aside(const struct store *store, const struct candidate *candidate,
                        time_t before)
{
    time_t used = 0;
    if (!candidate->aside)
        return 0;
    if (last_used(store, candidate->aside, &used) && used >= before &&
        renameat(store->dir, candidate->aside, store->dir, candidate->name) == 0)
        return 0;
    return fs_remove(store->dir, candidate->aside) == 0;
}

static void remove_all(struct store *store, struct store_collect *collect,
                       struct candidate *list, size_t count)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    for (size_t i = 0; i < count; i++)
        move_aside(store, &list[i]);
    if (count)
        nanosleep(&pause, NULL); // for who had opened one and had not said so
    for (size_t i = 0; i < count; i++) {
        int gone = remove_aside(store, &list[i], collect->before);
        collect->removed += (size_t)gone;
        collect->kept += (size_t)!gone;
        collect->bytes += gone ? list[i].size : 0;
        free(list[i].aside);
    }
}

// What is remembered of files whose entry is gone.
static void clean_seen(const struct store *store)
{
    int fd = openat(store->dir, SEEN_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *item;
    while (stream && (item = readdir(stream))) {
        struct stat st;
        if (item->d_name[0] != '.' && fstatat(dirfd(stream), item->d_name, &st, 0) < 0 &&
            errno == ENOENT)
            unlinkat(dirfd(stream), item->d_name, 0);
    }
    if (stream)
        closedir(stream);
}

int store_collect(struct store *store, struct store_collect *collect, struct err *err)
{
    int fd = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *item;
    CLEANUP_STRV struct strv names = {0};
    if (!stream) {
        err_errno(err, ERR_SYSTEM, errno, _("cannot read folder '%s'"), store->path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while ((item = readdir(stream)))
        if (item->d_name[0] != '.')
            strv_add(&names, item->d_name);
    closedir(stream);
    CLEANUP_FREE struct candidate *list = mem_zero(names.count + 1, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < names.count; i++)
        if (is_candidate(store, collect, names.item[i]))
            list[count++].name = names.item[i];
    collect->kept = names.count - count;
    if (collect->dry) {
        collect->removed = count;
        for (size_t i = 0; i < count; i++)
            collect->bytes += size_of(store, list[i].name);
        return 0;
    }
    remove_all(store, collect, list, count);
    clean_seen(store);
    store_sweep(store); // last: it needs room for a folder
    return 0;
}
