// SPDX-License-Identifier: Apache-2.0
// hook: the folder of the startup hook in the cache, and PYTHONPATH.
//
// CACHE/hook-HASH/sitecustomize.py, and beside it guard.bin, the extension _lopin_guard under a name
// that no import finds, and the package lopin in a folder that the hook puts on sys.path; HASH of their
// content, so that two versions of lopin never share one. Every
// Python of a task executes these files: they count only if no other user can have written or can
// replace them. Invariant: a file appears whole (a rename), and is never changed afterwards.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "base/mem.h"
#include "threads/guard.h"
#include "threads/hook_bytes.h"

#define FILE_OF(name, symbol)                                                                  \
    {                                                                                          \
        name, symbol, &symbol##_size, symbol##_hash                                            \
    }
static const char *const folders[] = {"package", "package/lopin", "package/lopin/fast"};
static const struct {
    const char *name;
    const unsigned char *bytes;
    const size_t *size;
    const char *hash;
} files[] = {
    // what others load comes first
    FILE_OF("package/lopin/_threads.abi3.so", lopin_core_bytes),
    FILE_OF("package/lopin/controllers.py", lopin_controllers_bytes),
    FILE_OF("package/lopin/threads.py", lopin_threads_bytes),
    FILE_OF("package/lopin/fast/threadpoolctl.py", lopin_fast_bytes),
    FILE_OF("package/lopin/__init__.py", lopin_init_bytes),
    FILE_OF("guard.bin", guard_bytes),
    FILE_OF("sitecustomize.py", hook_bytes),
};

// Is it ours (or root's), and can nobody else write it?
static int trusted(const struct stat *st)
{
    return (st->st_uid == geteuid() || st->st_uid == 0) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int refuse(struct err *err, const char *folder)
{
    err_set(err, ERR_SYSTEM, _("'%s' can be written by others, so it is not used"), folder);
    CLEANUP_STR struct str word = {0};
    str_add_shell(&word, folder);
    return err_hint(err, "try", "chmod go-w %s", str_text(&word));
}

// Opens a folder that nobody else can write. Returns a descriptor, or -1 with err.
static int open_folder(const char *path, int flags, struct err *err)
{
    struct stat st;
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"), path);
    if (!trusted(&st))
        return refuse(err, path);
    return TAKE_FD(fd);
}

static int put_file(int folder, size_t i, struct err *err)
{
    struct stat st;
    if (fstatat(folder, files[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
        trusted(&st) && st.st_size == (off_t)*files[i].size)
        return 0;
    return fs_replace(folder, files[i].name, files[i].bytes, *files[i].size, 0600, 1, err);
}

char *hook_folder(const char *cache, struct err *err)
{
    struct hash hash;
    hash_begin(&hash);
    for (size_t i = 0; i < COUNT(files); i++)
        hash_text(&hash, files[i].hash);
    CLEANUP_FREE char *path =
        mem_print("%s/hook-%016llx", cache, (unsigned long long)hash_end(&hash));
    struct stat st;
    if (lstat(path, &st) < 0) {
        if (fs_make_dirs(AT_FDCWD, cache, 0700, err) < 0)
            return NULL;
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), path), NULL;
    }
    CLEANUP_CLOSE int above = open_folder(cache, 0, err);
    CLEANUP_CLOSE int folder = above < 0 ? -1 : open_folder(path, O_NOFOLLOW, err);
    if (folder < 0)
        return NULL;
    for (size_t i = 0; i < COUNT(folders); i++)
        if (mkdirat(folder, folders[i], 0700) < 0 && errno != EEXIST)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), folders[i]),
                   NULL;
    for (size_t i = 0; i < COUNT(files); i++)
        if (put_file(folder, i, err) < 0)
            return err_wrap(err, "%s", path), NULL;
    return TAKE(path);
}

void hook_apply(struct vars *vars, const char *folder, const char *keep)
{
    CLEANUP_STR struct str path = {0};
    CLEANUP_STRV struct strv old = {0};
    const char *present = vars_get(vars, "PYTHONPATH");
    str_add(&path, folder);
    if (keep && *keep)
        str_print(&path, ":%s", keep);
    if (present && *present)
        strv_split(&old, present, ':');
    for (size_t i = 0; i < old.count; i++)
        if (strcmp(old.item[i], folder) != 0) // a task of ours that starts lopin again
            str_print(&path, ":%s", old.item[i]);
    vars_set(vars, "PYTHONPATH", path.text);
}
