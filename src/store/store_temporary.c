// SPDX-License-Identifier: Apache-2.0
// store_temporary: entries that are being made. ".tmp-HOST-SPACE-PID-START-N" stands beside the
// entries, so that its last step is a rename in one folder; SPACE is the PID namespace, START the
// time at which the process was started, since numbers of processes come again.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/process.h"
#include "base/space.h"
#include "store/store_parts.h"

#define BEGIN ".tmp-"
enum { STALE_SECONDS = 86400 }; // of a host or namespace that cannot be asked

static void make_prefix(struct store *store)
{
    char host[65] = "";
    struct process self = {0};
    gethostname(host, sizeof host - 1);
    for (char *at = host; *at; at++)
        if (*at == '/')
            *at = '_';
    process_read(getpid(), &self);
    store->prefix =
        mem_print(BEGIN "%s-%llx-%ld-%llu-", host, space_here(), (long)getpid(), self.start);
}

const char *store_prefix(struct store *store)
{
    if (!store->prefix)
        make_prefix(store);
    return store->prefix;
}

char *store_temporary(struct store *store, unsigned long number, struct err *err)
{
    CLEANUP_FREE char *name = mem_print("%s%lu", store->prefix, number);
    if (mkdirat(store->dir, name, 0755) < 0) {
        err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s/%s'"), store->path, name);
        return NULL;
    }
    return TAKE(name);
}

// Whether it is of a process of this host that is gone: 1, 0, or -1: who knows.
static int is_dead(const char *name)
{
    char host[65] = "", here[65] = "";
    unsigned long long space, start;
    long pid;
    struct process process;
    CLEANUP_FREE char *copy = mem_dup(name + strlen(BEGIN));
    char *at = copy + strlen(copy);
    for (int fields = 0; fields < 4; fields++) { // a host's name may have '-' in it
        while (at > copy && at[-1] != '-')
            at--;
        if (at == copy)
            return -1;
        at--;
    }
    snprintf(host, sizeof host, "%.*s", (int)(at - copy < 64 ? at - copy : 64), copy);
    gethostname(here, sizeof here - 1);
    if (sscanf(at, "-%llx-%ld-%llu-", &space, &pid, &start) != 3 || strcmp(host, here) != 0 ||
        !space || space != space_here())
        return -1;
    return process_read((pid_t)pid, &process) < 0 || process.start != start ||
           process_is_over(&process);
}

void store_sweep(struct store *store)
{
    struct stat own, st;
    store_prefix(store);
    // the file server's time is that of a folder made now
    CLEANUP_FREE char *name = store_temporary(store, store->number++, NULL);
    if (!name)
        return;
    int known = fstatat(store->dir, name, &own, AT_SYMLINK_NOFOLLOW) == 0;
    unlinkat(store->dir, name, AT_REMOVEDIR);
    int fd = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    while (known && stream && (entry = readdir(stream))) {
        if (!str_starts(entry->d_name, BEGIN) || str_starts(entry->d_name, store->prefix) ||
            fstatat(store->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            st.st_uid != geteuid())
            continue;
        int dead = is_dead(entry->d_name);
        if (dead > 0 || (dead < 0 && own.st_mtime - st.st_mtime > STALE_SECONDS))
            fs_remove(store->dir, entry->d_name);
    }
    if (stream)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
}

// What stands at the name cannot be used: it makes room, if it is ours to move.
// Environments are linked to it by that name, so it is not to be absent between.
static int replace(struct store *store, const char *temporary, const char *name,
                   struct err *err)
{
    CLEANUP_FREE char *made = mem_print("%s/%s", store->path, temporary);
    CLEANUP_FREE char *goal = mem_print("%s/%s", store->path, name);
    if (fs_exchange(made, goal, 1) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot replace '%s'"), goal);
    fs_remove(AT_FDCWD, made);
    return 0;
}

int store_publish(struct store *store, const char *temporary, const char *name, int replaces,
                  struct err *err)
{
    struct arena arena = {0};
    struct store_entry there;
    if (renameat(store->dir, temporary, store->dir, name) == 0)
        return 0;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s/%s'"), store->path, name);
    int loaded = store_load(store, name, NULL, &arena, &there, NULL);
    int good = loaded == 0 && there.folder &&
               (!replaces || (!store_is_doubtful(store, there.folder, &there.manifest) &&
                              store_is_whole(store, name, &there.manifest)));
    arena_free(&arena);
    if (!good)
        return replace(store, temporary, name, err);
    return fs_remove(store->dir, temporary) < 0
               ? err_errno(err, ERR_SYSTEM, errno, _("cannot remove '%s/%s'"), store->path,
                           temporary)
               : 0;
}
