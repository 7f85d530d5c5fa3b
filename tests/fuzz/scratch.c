// SPDX-License-Identifier: Apache-2.0
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/line.h"
#include "base/mem.h"

static char path[64];

static void scratch_remove(void)
{
    fs_remove(AT_FDCWD, path);
}

int scratch_folder(void)
{
    static int fd = -1;
    if (fd >= 0)
        return fd;
    snprintf(path, sizeof path, "%s/lopin-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(path))
        abort();
    atexit(scratch_remove);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        abort();
    return fd;
}

void scratch_write(const char *name, const void *bytes, size_t size)
{
    CLEANUP_CLOSE int fd =
        openat(scratch_folder(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || fs_write_all(fd, bytes, size) < 0)
        abort();
}

void scratch_sign(struct str *into, const unsigned char *bytes, size_t size, const char *plain)
{
    const char *at = (const char *)bytes, *end = at + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        size_t from = into->size;
        str_add_bytes(into, at, length);
        if (length == strlen(plain) && memcmp(at, plain, length) == 0)
            str_add_char(into, '\n');
        else
            line_end(into, from);
        at += length + 1;
    }
}
