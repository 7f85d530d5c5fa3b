// SPDX-License-Identifier: Apache-2.0
// fs: reading, replacing and removing files relative to a folder's descriptor.
//
// A file is replaced by write, fsync, rename, so that a reader sees the old one or the new one
// (rename(2)).
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/lang.h"
#include "base/mem.h"

int fs_read(int dir, const char *path, size_t max, struct str *into, struct err *err)
{
    CLEANUP_CLOSE int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path)
                  : fs_read_open(fd, path, max, into, err);
}

int fs_read_open(int fd, const char *path, size_t max, struct str *into, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t)st.st_size <= max)
        mem_room(&into->text, &into->room, into->size + (size_t)st.st_size + 2, 1);
    for (size_t total = 0;;) {
        mem_room(&into->text, &into->room, into->size + 4096, 1);
        ssize_t size = read(fd, into->text + into->size, into->room - into->size - 1);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path);
        into->size += (size_t)size;
        into->text[into->size] = '\0';
        if (size == 0)
            return 0;
        total += (size_t)size;
        if (total > max)
            return err_errno(err, ERR_SYSTEM, EFBIG, _("cannot read '%s'"), path);
    }
}

int fs_write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

int fs_replace(int dir, const char *path, const void *bytes, size_t size, mode_t mode, int sync,
               struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(path);
    CLEANUP_FREE char *temporary =
        mem_print("%s/.%s.%ld.tmp", folder, fs_base(path), (long)getpid());
    int fd =
        openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), path);
    int written = fs_write_all(fd, bytes, size) == 0 && (!sync || fsync(fd) == 0);
    int errnum = errno;
    if (close(fd) < 0 && written) { // a network disk may say only here that it has no room
        written = 0;
        errnum = errno;
    }
    errno = errnum;
    if (!written || renameat(dir, temporary, dir, path) < 0) {
        err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), path);
        unlinkat(dir, temporary, 0);
        return -1;
    }
    return 0;
}

static int cannot_write(const char *path, struct err *err)
{
    return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), path);
}

int fs_make_file(int dir, const char *path, const void *bytes, size_t size, mode_t mode,
                 struct err *err)
{
    int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST)
        return fs_replace(dir, path, bytes, size, mode, 0, err);
    if (fd >= 0 && fs_write_all(fd, bytes, size) == 0)
        return close(fd) < 0 ? cannot_write(path, err) : 0;
    int errnum = errno;
    if (fd >= 0)
        close(fd);
    errno = errnum;
    return cannot_write(path, err);
}

int fs_make_dirs(int dir, const char *path, mode_t mode, struct err *err)
{
    if (mkdirat(dir, path, mode) == 0)
        return 0;
    CLEANUP_FREE char *copy = mem_dup(path);
    for (char *at = copy + (*copy == '/');; at++) {
        if (*at && *at != '/')
            continue;
        char kept = *at;
        *at = '\0';
        if (*copy && mkdirat(dir, copy, mode) < 0 && errno != EEXIST) {
            int errnum = errno;
            // a folder that we may not write in, or a read-only mount, may well be there
            struct stat st;
            if (fstatat(dir, copy, &st, 0) < 0 || !S_ISDIR(st.st_mode))
                return err_errno(err, ERR_SYSTEM, errnum, _("cannot make folder '%s'"), copy);
        }
        *at = kept;
        if (!kept)
            break;
    }
    struct stat st;
    if (fstatat(dir, path, &st, 0) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), path);
    if (!S_ISDIR(st.st_mode))
        return err_errno(err, ERR_SYSTEM, ENOTDIR, _("cannot make folder '%s'"), path);
    return 0;
}

static int remove_inside(int dir)
{
    DIR *stream = fdopendir(dir);
    if (!stream) {
        close(dir);
        return -1;
    }
    int errnum = 0; // of the first that cannot be removed; the others go
    struct dirent *entry;
    while ((entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            fs_remove(dirfd(stream), entry->d_name) < 0 && !errnum)
            errnum = errno;
    closedir(stream);
    errno = errnum;
    return errnum ? -1 : 0;
}

// A folder of ours that is closed to ourselves (a cache made read-only) is opened first.
static int open_inside(int dir, const char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct stat st;
    int fd = openat(dir, path, flags);
    if (fd < 0 && errno == EACCES) {
        if (fchmodat(dir, path, 0700, 0) < 0) {
            errno = EACCES;
            return -1;
        }
        fd = openat(dir, path, flags);
    }
    if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
        fchmod(fd, 0700); // where it fails, removing says so
    return fd;
}

int fs_remove(int dir, const char *path)
{
    if (unlinkat(dir, path, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    int inner = open_inside(dir, path);
    if (inner < 0)
        return -1;
    if (remove_inside(inner) < 0)
        return -1;
    return unlinkat(dir, path, AT_REMOVEDIR);
}

int fs_has_room(int dir, const char *path, off_t bytes)
{
    CLEANUP_CLOSE int fd = openat(dir, path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    struct statvfs about;
    int errnum = errno;
    if (fd >= 0) {
        errnum = fallocate(fd, 0, 0, bytes) < 0 ? errno : 0;
    } else if (errnum == EOPNOTSUPP || errnum == EISDIR) {
        CLEANUP_CLOSE int folder = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int told = folder >= 0 && fstatvfs(folder, &about) == 0;
        errnum = told && (off_t)(about.f_bavail * about.f_frsize) < bytes ? ENOSPC : 0;
    }
    errno = errnum;
    return errnum != ENOSPC && errnum != EDQUOT && errnum != EROFS;
}

int fs_sync_dir(int dir, const char *path)
{
    CLEANUP_CLOSE int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int fs_is_empty(const char *path)
{
    DIR *stream = opendir(path);
    struct dirent *entry;
    int empty = stream != NULL;
    while (empty && (entry = readdir(stream)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (stream)
        closedir(stream);
    return empty;
}

int fs_is_read_only(int fd)
{
    struct statvfs about;
    return fstatvfs(fd, &about) == 0 && (about.f_flag & ST_RDONLY);
}

int fs_exchange(const char *path, const char *goal, int old)
{
    if (!old)
        return kernel_rename(path, goal, KERNEL_NO_REPLACE) == 0 ||
                       (errno == EINVAL && rename(path, goal) == 0)
                   ? 0
                   : -1;
    if (kernel_rename(path, goal, KERNEL_EXCHANGE) == 0)
        return 0;
    if (errno != EINVAL)
        return -1;
    CLEANUP_FREE char *aside = mem_print("%s.old", path);
    if (rename(goal, aside) < 0)
        return -1;
    if (rename(path, goal) == 0)
        return rename(aside, path);
    int errnum = errno;
    rename(aside, goal);
    errno = errnum;
    return -1;
}

char *fs_self(void)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    return size > 0 && size < (ssize_t)sizeof path ? mem_dupn(path, (size_t)size) : NULL;
}
