// SPDX-License-Identifier: Apache-2.0
// store: entries by name, and what is remembered of files.
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "store/store_parts.h"

#define SEEN_FOLDER  ".seen"
#define METADATA_MAX (16 << 20)
enum { MAX_STEM = 160, MAX_MANIFEST = 1 << 30, KEY_DIGITS = 16 };

static int is_trusted(const struct store *store, const struct stat *st)
{
    int known = st->st_uid == 0 || st->st_uid == geteuid();
    for (size_t i = 0; i < store->trusted_count; i++)
        known |= st->st_uid == store->trusted[i];
    // the mode of a link says nothing
    return known && (S_ISLNK(st->st_mode) || !(st->st_mode & (S_IWGRP | S_IWOTH)));
}

// Those of which it is known that no other machine writes them.
static int is_local(int dir)
{
    static const unsigned long kinds[] = {EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC,
                                          BTRFS_SUPER_MAGIC,     TMPFS_MAGIC,
                                          OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC};
    struct statfs about;
    if (fstatfs(dir, &about) < 0)
        return 0;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if ((unsigned long)about.f_type == kinds[i])
            return 1;
    return 0;
}

static void read_boot(struct store *store)
{
    CLEANUP_STR struct str boot = {0};
    if (fs_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &boot, NULL) == 0)
        sscanf(boot.text, "%39[0-9a-f-]", store->boot);
}

struct store *store_open(const char *folder, const uid_t *trusted, size_t trusted_count,
                         struct err *err)
{
    CLEANUP_FREE char *path = mem_print("%s/" STORE_VERSION, folder);
    struct stat st;
    CLEANUP_CLOSE int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 && errno == ENOENT) {
        if (fs_make_dirs(AT_FDCWD, path, 0755, err) < 0)
            return NULL;
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (dir < 0 || fstat(dir, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"), path), NULL;
    struct store *store = mem_zero(1, sizeof *store);
    store->trusted = mem_alloc(trusted_count * sizeof *trusted + 1);
    for (size_t i = 0; i < trusted_count; i++)
        store->trusted[i] = trusted[i];
    store->trusted_count = trusted_count;
    store->closed = is_trusted(store, &st) || fs_is_read_only(dir);
    store->local = is_local(dir);
    read_boot(store);
    store->dir = TAKE_FD(dir);
    store->path = TAKE(path);
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    close(store->dir);
    free(store->path);
    free(store->trusted);
    free(store->prefix);
    free(store);
}

int store_is_local(const struct store *store)
{
    return store->local;
}

void store_close_at(struct store **store)
{
    store_close(*store);
}

void store_key(const char *path, const struct stat *st, const char *python, char ret[17])
{
    struct hash hash;
    const int64_t numbers[] = {(int64_t)st->st_dev, (int64_t)st->st_ino, st->st_size,
                               clock_ns(st->st_mtim), clock_ns(st->st_ctim)};
    hash_begin(&hash);
    hash_text(&hash, path);
    hash_text(&hash, python);
    hash_part(&hash, numbers, sizeof numbers);
    snprintf(ret, KEY_DIGITS + 1, "%016llx", (unsigned long long)hash_end(&hash));
}

char *store_name(const char *wheel, const char *sha256, const char *python)
{
    size_t size = strlen(wheel) - (str_ends(wheel, ".whl") ? 4 : 0);
    // a name of a file has at most 255 bytes
    return mem_print("%.*s-%.16s-%s", (int)(size < MAX_STEM ? size : MAX_STEM), wheel, sha256,
                     python);
}

// In a store where others can write: is the entry, or what leads to it, of somebody trusted?
static int check_owner(const struct store *store, const char *name, char **ret_entry)
{
    struct stat st;
    char target[300];
    const char *entry = name;
    if (fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !is_trusted(store, &st))
        return 0;
    if (S_ISLNK(st.st_mode)) {
        ssize_t size = readlinkat(store->dir, name, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        entry = fs_base(target);
        if (fstatat(store->dir, entry, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
            !is_trusted(store, &st))
            return 0;
    }
    *ret_entry = mem_dup(entry);
    return 1;
}

// That an entry was taken is its manifest's time, to an hour: store_collect keeps what was taken
// lately.
static void say_used(int fd, const struct stat *st)
{
    enum { HOUR = 3600 };
    if (st->st_uid == geteuid() && time(NULL) - st->st_mtime > HOUR)
        futimens(fd, NULL);
}

static char *read_whole(int fd, struct arena *arena, size_t *ret_size, struct err *err)
{
    struct stat st;
    size_t size = 0;
    if (fstat(fd, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), MANIFEST_FILE), NULL;
    say_used(fd, &st);
    if (st.st_size > MAX_MANIFEST)
        return err_errno(err, ERR_SYSTEM, EFBIG, _("cannot read '%s'"), MANIFEST_FILE), NULL;
    char *text = arena_alloc(arena, (size_t)st.st_size + 1);
    while (size < (size_t)st.st_size) {
        ssize_t got = read(fd, text + size, (size_t)st.st_size - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), MANIFEST_FILE),
                   NULL;
        if (got == 0)
            break;
        size += (size_t)got;
    }
    text[size] = '\0';
    *ret_size = size;
    return text;
}

int store_load(const struct store *store, const char *name, const char *sha256,
               struct arena *arena, struct store_entry *ret, struct err *err)
{
    CLEANUP_FREE char *path = mem_print("%s/" MANIFEST_FILE, name), *entry = NULL;
    size_t size = 0;
    *ret = (struct store_entry){0};
    CLEANUP_CLOSE int fd = openat(store->dir, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path);
    if (!store->closed && !check_owner(store, name, &entry))
        return 0;
    char *text = read_whole(fd, arena, &size, err);
    if (!text)
        return -1;
    if (manifest_read(arena, text, size, &ret->manifest, err) < 0)
        return err_wrap(err, "%s/%s", store->path, path);
    if (sha256 && strcmp(ret->manifest.sha256, sha256) != 0)
        return 0;
    const struct manifest *manifest = &ret->manifest;
    if (!entry)
        entry = store_name(manifest->wheel, manifest->sha256, manifest->python);
    CLEANUP_FREE char *folder = mem_print("%s/%s", store->path, entry);
    ret->folder = arena_dup(arena, folder);
    return 0;
}

void store_remember(struct store *store, const char *key, const char *entry,
                    const struct stat *st)
{
    enum { SETTLED_US = 2000000 }; // a change in the same tick of the clock has the same time
    int64_t changed = clock_ns(st->st_mtim) / 1000, other = clock_ns(st->st_ctim) / 1000;
    if (other > changed)
        changed = other;
    if (clock_wall_us() - changed < SETTLED_US)
        return;
    CLEANUP_FREE char *target = mem_print("../%s", entry);
    CLEANUP_FREE char *place = mem_print(SEEN_FOLDER "/%s", key);
    CLEANUP_FREE char *beside = mem_print(SEEN_FOLDER "/.%s.%ld", key, (long)getpid());
    // it only saves time: what fails is not said
    if (symlinkat(target, store->dir, place) == 0)
        return;
    if (errno == ENOENT) {
        mkdirat(store->dir, SEEN_FOLDER, 0755);
        symlinkat(target, store->dir, place);
    } else if (errno == EEXIST && symlinkat(target, store->dir, beside) == 0 &&
               renameat(store->dir, beside, store->dir, place) < 0) {
        unlinkat(store->dir, beside, 0);
    }
}

int store_metadata(const struct store *store, const char *wheel, const char *tag,
                   struct str *into, struct stat *ret_stat)
{
    char key[17];
    const char *name = fs_base(wheel);
    const char *dash = strchr(name, '-');
    dash = dash ? strchr(dash + 1, '-') : NULL;
    if (!dash || !store->closed || stat(wheel, ret_stat) < 0)
        return -1;
    store_key(wheel, ret_stat, tag, key);
    CLEANUP_FREE char *path = mem_print(SEEN_FOLDER "/%s/%s/%.*s.dist-info/METADATA", key,
                                        scheme_folder(SCHEME_SITE), (int)(dash - name), name);
    return fs_read(store->dir, path, METADATA_MAX, into, NULL);
}

int store_sha256(const struct store *store, const char *wheel, const char *tag,
                 char ret[MANIFEST_SHA256 + 1])
{
    struct stat st;
    struct arena arena = {0};
    struct store_entry entry = {0};
    char key[17];
    if (!store->closed || stat(wheel, &st) < 0)
        return -1;
    store_key(wheel, &st, tag, key);
    CLEANUP_FREE char *name = mem_print(SEEN_FOLDER "/%s", key);
    int known = store_load(store, name, NULL, &arena, &entry, NULL) == 0 && entry.folder &&
                strlen(entry.manifest.sha256) == MANIFEST_SHA256;
    if (known)
        memcpy(ret, entry.manifest.sha256, MANIFEST_SHA256 + 1);
    arena_free(&arena);
    return known ? 0 : -1;
}
