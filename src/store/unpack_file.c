// SPDX-License-Identifier: Apache-2.0
// unpack_file: a file is made read-only, and with one time for all, so that the bytecode of Python
// 3.6, which holds it, and copies of an entry made by others are the same everywhere.
#include "store/unpack_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"

enum { FIRST_TIME = 315532800 }; // 1980-01-01: the first that a zip archive can hold
static const uint64_t large_size = 32 << 20, max_size = UINT64_C(1) << 40;

static int cannot_write(const char *name, int errnum, struct err *err)
{
    return err_errno(err, ERR_SYSTEM, errnum, _("cannot write '%s'"), name);
}

static unsigned mode_of(const struct manifest_file *about)
{
    return about->kind == FILE_PLAIN ? 0444 : 0555;
}

static int make_file(int folder, const struct manifest_file *about, int flags)
{
    return openat(folder, about->name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  mode_of(about));
}

// Its blocks are allocated first: a page of a mapping for which there is none would be SIGBUS.
// Returns 1; 0 where the file system cannot do that; -1 with err.
static int map_large(int folder, const struct manifest_file *about, uint64_t size,
                     struct unpack_file *ret, struct err *err)
{
    ret->fd = make_file(folder, about, O_RDWR);
    if (ret->fd < 0)
        return cannot_write(about->name, errno, err);
    if (fallocate(ret->fd, 0, 0, (off_t)size) < 0) {
        int errnum = errno;
        mem_close_at(&ret->fd);
        ret->fd = -1;
        if (errnum != EOPNOTSUPP && errnum != ENOSYS)
            return cannot_write(about->name, errnum, err);
        unlinkat(folder, about->name, 0);
        return 0;
    }
    ret->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ret->fd, 0);
    if (ret->map == MAP_FAILED) {
        ret->map = NULL;
        return cannot_write(about->name, errno, err);
    }
    ret->content = (struct piece){ret->map, size};
    return 1;
}

int unpack_file_read(int folder, struct plan *plan, size_t index, struct inflater *inflater,
                     struct unpack_file *ret, struct err *err)
{
    const struct zip_entry *entry = plan->entry[index];
    *ret = (struct unpack_file){.fd = -1};
    if (entry->deflated && entry->size >= large_size) {
        int mapped = map_large(folder, &plan->manifest.file[index], entry->size, ret, err);
        if (mapped < 0)
            return -1;
        if (mapped)
            return zip_read_into(inflater, plan->zip.bytes, entry, ret->map, err);
    }
    return zip_read(inflater, plan->zip.bytes, entry, max_size, &ret->content, err);
}

int unpack_file_save(int folder, const struct manifest_file *about, unsigned mask,
                     struct unpack_file *file, struct err *err)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = FIRST_TIME}};
    int failed = 0;
    if (file->map) {
        munmap(file->map, file->content.size);
        file->map = NULL;
    } else {
        file->fd = make_file(folder, about, O_WRONLY);
        failed =
            file->fd < 0 || fs_write_all(file->fd, file->content.text, file->content.size) < 0;
    }
    failed = failed || ((mode_of(about) & mask) && fchmod(file->fd, mode_of(about)) < 0) ||
             futimens(file->fd, times) < 0;
    int errnum = errno;
    // a network disk may say only here that it has no room
    if (file->fd >= 0 && close(file->fd) < 0 && !failed) {
        failed = 1;
        errnum = errno;
    }
    file->fd = -1;
    return failed ? cannot_write(about->name, errnum, err) : 0;
}

void unpack_file_drop(struct unpack_file *file)
{
    if (file->map)
        munmap(file->map, file->content.size);
    file->map = NULL;
    mem_close_at(&file->fd);
    file->fd = -1;
}
