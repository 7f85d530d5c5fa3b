// SPDX-License-Identifier: Apache-2.0
// Preloaded into a lopin by tests/cli/test_faults.py: makes one system call of it fail.
//
//   LOPIN_FAULT=NAME:K:ERRNO[:from]   the K-th call of that name fails, or all from there on;
//                                     ERRNO "short" writes only half (write(2) may)
//   LOPIN_FAULT_COUNT=FILE            how often each was called, a line a name
//
// Only in processes whose program is `lopin`: its tasks inherit the variables and are left
// alone. Counting is over all threads, and over the children that share its memory until they
// execute.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum call { WRITE, SYNC, RENAME, LINK, OPEN, MKDIR, FORK, THREAD, TRUNCATE, RESERVE, CALLS };
static const char *const names[CALLS] = {"write", "sync", "rename", "link",     "open",
                                         "mkdir", "fork", "thread", "truncate", "reserve"};
static atomic_long counts[CALLS];
static enum call wanted = CALLS;
static long at;
static int error, from;

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("LOPIN_FAULT");
    char name[32], word[32], more[8] = "";
    if (strcmp(program_invocation_short_name, "lopin") != 0 || !text ||
        sscanf(text, "%31[^:]:%ld:%31[^:]:%7s", name, &at, word, more) < 3)
        return;
    from = strcmp(more, "from") == 0;
    error = strcmp(word, "short") == 0 ? 0 : atoi(word);
    for (int i = 0; i < CALLS; i++)
        if (strcmp(names[i], name) == 0)
            wanted = (enum call)i;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("LOPIN_FAULT_COUNT");
    FILE *file =
        path && strcmp(program_invocation_short_name, "lopin") == 0 ? fopen(path, "a") : NULL;
    for (int i = 0; file && i < CALLS; i++)
        fprintf(file, "%s %ld\n", names[i], counts[i]);
    if (file)
        fclose(file);
}

// Whether this call is the one.
static int fails(enum call call)
{
    long count = ++counts[call];
    if (call != wanted || (from ? count < at : count != at))
        return 0;
    errno = error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define EXPORT     __attribute__((visibility("default")))

EXPORT ssize_t write(int fd, const void *bytes, size_t size)
{
    if (fails(WRITE)) {
        if (error)
            return -1;
        size = (size + 1) / 2;
    }
    return REAL(write)(fd, bytes, size);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    if (fails(WRITE)) {
        if (error)
            return -1;
        size = (size + 1) / 2;
    }
    return REAL(pwrite64)(fd, bytes, size, offset);
}

EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t size)
{
    return fails(RESERVE) ? -1 : REAL(fallocate64)(fd, mode, offset, size);
}

EXPORT int fsync(int fd)
{
    return fails(SYNC) ? -1 : REAL(fsync)(fd);
}

EXPORT int fdatasync(int fd)
{
    return fails(SYNC) ? -1 : REAL(fdatasync)(fd);
}

EXPORT int rename(const char *old, const char *new)
{
    return fails(RENAME) ? -1 : REAL(rename)(old, new);
}

EXPORT int renameat(int olddir, const char *old, int newdir, const char *new)
{
    return fails(RENAME) ? -1 : REAL(renameat)(olddir, old, newdir, new);
}

// base/kernel calls renameat2(2) by its number
EXPORT long syscall(long number, ...)
{
    va_list args;
    va_start(args, number);
    long a = va_arg(args, long), b = va_arg(args, long), c = va_arg(args, long),
         d = va_arg(args, long), e = va_arg(args, long), f = va_arg(args, long);
    va_end(args);
    return number == SYS_renameat2 && fails(RENAME) ? -1
                                                    : REAL(syscall)(number, a, b, c, d, e, f);
}

EXPORT int linkat(int olddir, const char *old, int newdir, const char *new, int flags)
{
    return fails(LINK) ? -1 : REAL(linkat)(olddir, old, newdir, new, flags);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    return fails(MKDIR) ? -1 : REAL(mkdir)(path, mode);
}

EXPORT int mkdirat(int dir, const char *path, mode_t mode)
{
    return fails(MKDIR) ? -1 : REAL(mkdirat)(dir, path, mode);
}

EXPORT int ftruncate64(int fd, off64_t size)
{
    return fails(TRUNCATE) ? -1 : REAL(ftruncate64)(fd, size);
}

EXPORT int open64(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return fails(OPEN) ? -1 : REAL(open64)(path, flags, mode);
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return fails(OPEN) ? -1 : REAL(openat64)(dir, path, flags, mode);
}

EXPORT pid_t fork(void)
{
    return fails(FORK) ? -1 : REAL(fork)();
}

EXPORT int clone(int (*begin_at)(void *), void *stack, int flags, void *context, ...)
{
    return fails(FORK) ? -1 : REAL(clone)(begin_at, stack, flags, context);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*begin_at)(void *), void *context)
{
    return fails(THREAD) ? error : REAL(pthread_create)(thread, attributes, begin_at, context);
}
