// SPDX-License-Identifier: Apache-2.0
#include "env/uses.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static void walk(int dir, uses_each *each, void *context)
{
    DIR *stream = fdopendir(dir);
    struct dirent *item;
    if (!stream) {
        close(dir);
        return;
    }
    while ((item = readdir(stream))) {
        char target[PATH_MAX];
        const char *name = item->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || item->d_type == DT_REG)
            continue;
        ssize_t size = readlinkat(dirfd(stream), name, target, sizeof target - 1);
        if (size > 0) {
            target[size] = '\0';
            if (target[0] == '/')
                each(context, target);
            continue;
        }
        int below =
            openat(dirfd(stream), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0)
            walk(below, each, context);
    }
    closedir(stream);
}

void uses_links(const char *folder, uses_each *each, void *context)
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        walk(dir, each, context);
}
