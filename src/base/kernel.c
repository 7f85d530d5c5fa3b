// SPDX-License-Identifier: Apache-2.0
// kernel: a call that is missing is answered as one that the file system does not have.
#include "base/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

#define GET_NONBLOCK  1U  // GRND_NONBLOCK of sys/random.h (2.25)
#define GET_AT_ONCE   256 // what getrandom(2) gives whole
#define CLOSE_ON_EXEC 1U  // MFD_CLOEXEC of sys/mman.h (2.27)

int kernel_rename(const char *path, const char *goal, unsigned flags)
{
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, goal, flags);
    if (result < 0 && errno == ENOSYS)
        errno = EINVAL;
    return result;
}

static int read_device(void *bytes, size_t size)
{
    CLEANUP_CLOSE int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, bytes, size);
    if (got == (ssize_t)size)
        return 0;
    if (got >= 0)
        errno = EIO;
    return -1;
}

int kernel_random(void *bytes, size_t size)
{
    if (size > GET_AT_ONCE) {
        errno = EINVAL;
        return -1;
    }
    long got = syscall(SYS_getrandom, bytes, size, GET_NONBLOCK);
    if (got < 0 && errno == ENOSYS)
        return read_device(bytes, size);
    return got < 0 ? -1 : 0;
}

int kernel_memory_file(const char *name)
{
    int fd = (int)syscall(SYS_memfd_create, name, CLOSE_ON_EXEC);
    if (fd < 0 && errno == ENOSYS) {
        char path[] = "/tmp/lopin-XXXXXX";
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) < 0) {
        int before = errno;
        close(fd);
        errno = before;
        return -1;
    }
    return fd;
}
