// SPDX-License-Identifier: Apache-2.0
// folder: a temporary folder for a test, as current folder; and files in it.
#include "folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cmocka.h"

int folder_setup(void **state)
{
    const char *base = getenv("TMPDIR");
    char *path = mem_print("%s/lopin-test-XXXXXX", base != NULL ? base : "/tmp");

    if (mkdtemp(path) == NULL || chdir(path) < 0)
        return -1;
    *state = realpath(path, NULL);
    free(path);
    return *state == NULL ? -1 : 0;
}

int folder_teardown(void **state)
{
    int result = chdir("/");

    if (result == 0)
        result = fs_remove(AT_FDCWD, *state);
    free(*state);
    return result;
}

void folder_write(const char *path, const void *bytes, size_t size)
{
    CLEANUP_FREE char *folder = fs_folder(path);

    assert_int_equal(fs_make_dirs(AT_FDCWD, folder, 0777, NULL), 0);
    assert_int_equal(fs_replace(AT_FDCWD, path, bytes, size, 0600, 0, NULL), 0);
}

void folder_text(const char *path, const char *text)
{
    folder_write(path, text, strlen(text));
}

int folder_fd(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}
