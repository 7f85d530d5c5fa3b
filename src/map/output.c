// SPDX-License-Identifier: Apache-2.0
// output: what a task writes becomes its goal by one rename, after it is on the disk
// (rename(2), renameat2(2), fsync(2)).
#include "map/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/kernel.h"
#include "base/lang.h"
#include "base/mem.h"

void output_path(const char *goal, const struct output_maker *maker, struct str *into)
{
    CLEANUP_FREE char *folder = fs_folder(goal);
    str_print(into, "%s/.lopin-%u-%016" PRIx64, strcmp(folder, "/") == 0 ? "" : folder,
              maker->run, maker->key);
    if (maker->parcel)
        str_print(into, ".%u-%u", maker->parcel, maker->restart);
    str_print(into, "/%s", fs_base(goal));
}

int output_prepare(const char *temporary, int saved, struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(temporary);
    if (mkdir(folder, 0777) == 0)
        return 0;
    if (errno == EEXIST && saved)
        return 0;
    if (errno == EEXIST) { // what an attempt before left
        if (fs_remove(AT_FDCWD, folder) < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot remove '%s'"), folder);
        if (mkdir(folder, 0777) == 0)
            return 0;
    }
    return fs_make_dirs(AT_FDCWD, folder, 0777, err);
}

void output_inherit(const char *left, const char *temporary, int keeps)
{
    CLEANUP_FREE char *from = fs_folder(left);
    CLEANUP_FREE char *to = fs_folder(temporary);
    if (!keeps || rename(from, to) < 0)
        fs_remove(AT_FDCWD, from);
}

void output_drop(const char *temporary)
{
    CLEANUP_FREE char *folder = fs_folder(temporary);
    fs_remove(AT_FDCWD, folder);
}

static int sync_at(int dir, const char *name);

static int sync_inside(int dir)
{
    DIR *stream = fdopendir(dir);
    if (!stream) {
        close(dir);
        return -1;
    }
    int failed = 0;
    struct dirent *entry;
    while (!failed && (entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            failed = sync_at(dirfd(stream), entry->d_name) < 0;
    failed = failed || fsync(dirfd(stream)) < 0;
    int errnum = errno;
    closedir(stream);
    errno = errnum;
    return failed ? -1 : 0;
}

// Syncs a file or all of a folder; links and special files have nothing to sync.
static int sync_at(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 0;
    int fd = openat(
        dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (S_ISDIR(st.st_mode) ? O_DIRECTORY : 0));
    if (fd < 0)
        return errno == EACCES ? 0 : -1; // a file that its own maker may not read
    if (S_ISDIR(st.st_mode))
        return sync_inside(fd);
    int failed = fsync(fd);
    int errnum = errno;
    close(fd);
    errno = errnum;
    return failed;
}

// rename does not replace a folder that is not empty: there the two change places and the old
// one goes.
static int put(const char *temporary, const char *goal)
{
    if (rename(temporary, goal) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST && errno != EISDIR && errno != ENOTDIR)
        return -1;
    if (kernel_rename(temporary, goal, KERNEL_EXCHANGE) == 0)
        return 0; // the old one is now in the temporary folder, which is removed
    if (errno != EINVAL)
        return -1;
    if (fs_remove(AT_FDCWD, goal) < 0)
        return -1;
    return rename(temporary, goal);
}

// Tells the three apart by the step that failed.
static enum output_result failed(const char *temporary, const char *goal, int content,
                                 struct err *err)
{
    struct err why = {0};
    err_errno(&why, ERR_SYSTEM, errno, _("cannot publish '%s'"), goal);
    if (err)
        *err = why;
    if (err_may_pass(&why) && !content)
        return OUTPUT_WAITS;
    output_drop(temporary);
    return err_may_pass(&why) ? OUTPUT_LOST : OUTPUT_REFUSED;
}

enum output_result output_publish(const char *temporary, const char *goal, int64_t *ret_size,
                                  int64_t *ret_mtime, int64_t *ret_inode, struct err *err)
{
    struct stat st;
    if (*ret_inode < 0) {
        if (lstat(temporary, &st) < 0) {
            int errnum = errno;
            output_drop(temporary);
            if (errnum != ENOENT)
                err_errno(err, ERR_SYSTEM, errnum, _("cannot read '%s'"), temporary);
            else
                err_set(err, ERR_NO_OUTPUT, _("the task ended well but wrote no {out}"));
            return OUTPUT_REFUSED;
        }
        if (sync_at(AT_FDCWD, temporary) < 0)
            return failed(temporary, goal, 1, err);
        if (put(temporary, goal) < 0)
            return failed(temporary, goal, 0, err);
        *ret_size = st.st_size;
        *ret_mtime = clock_ns(st.st_mtim);
        *ret_inode = (int64_t)st.st_ino;
    }
    CLEANUP_FREE char *folder = fs_folder(goal);
    if (fs_sync_dir(AT_FDCWD, folder) < 0)
        return failed(temporary, goal, 0, err);
    output_drop(temporary);
    return OUTPUT_PUBLISHED;
}
