// SPDX-License-Identifier: Apache-2.0
// hook: the folder of the startup hook in the cache, and PYTHONPATH.
//
// CACHE/hook-HASH/sitecustomize.py, HASH of its content, so that two versions of lopin never
// share one. Every Python of a task executes this file: it counts only if no other user can
// have written or can replace it. Invariant: the file appears whole (a rename), and is never
// changed afterwards.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "threads/guard.h"
#include "threads/hook_bytes.h"

#define HOOK_FILE "sitecustomize.py"

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

char *hook_folder(const char *cache, struct err *err)
{
    CLEANUP_FREE char *path = mem_print("%s/hook-%s", cache, hook_bytes_hash);
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
    if (fstatat(folder, HOOK_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
        trusted(&st) && st.st_size == (off_t)hook_bytes_size)
        return TAKE(path);
    if (fs_replace(folder, HOOK_FILE, hook_bytes, hook_bytes_size, 0600, 1, err) < 0)
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
