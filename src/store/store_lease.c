// SPDX-License-Identifier: Apache-2.0
// store_lease: which environments lead into a store: STORE/1/.envs/KEY -> the environment's folder.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "store/store_parts.h"

#define LEASES ".envs"

// By its path: where nothing else is asked of a store, it is not opened for this.
int store_lease(const char *folder, const char *env)
{
    struct hash hash;
    hash_begin(&hash);
    hash_text(&hash, env);
    CLEANUP_FREE char *leases = mem_print("%s/" STORE_VERSION "/" LEASES, folder);
    CLEANUP_FREE char *name =
        mem_print("%s/%016llx", leases, (unsigned long long)hash_end(&hash));
    if (symlink(env, name) == 0)
        return 1;
    if (errno != ENOENT)
        return 0;
    mkdir(leases, 0755);
    return symlink(env, name) == 0;
}

void store_leases(const struct store *store, store_each_lease *each, void *context)
{
    int fd = openat(store->dir, LEASES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        char env[PATH_MAX];
        struct stat st;
        ssize_t size = readlinkat(dirfd(stream), entry->d_name, env, sizeof env - 1);
        if (size < 0 || fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        env[size] = '\0';
        if (!each(context, env, st.st_mtime))
            unlinkat(dirfd(stream), entry->d_name, 0);
    }
    if (stream)
        closedir(stream);
}
