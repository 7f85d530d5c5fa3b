// SPDX-License-Identifier: Apache-2.0
#include "base/left.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/space.h"
#include "base/str.h"

enum { STALE_SECONDS = 7 * 86400 }; // of a host or namespace that cannot be asked

// "HOST-SPACE-": processes of others may live. Yours.
static char *begin_of(const char *prefix)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    for (char *at = host; *at; at++)
        if (*at == '/')
            *at = '_';
    return mem_print("%s%s-%llx-", prefix, host, space_inode());
}

static char *name_of(const char *folder, const char *begin)
{
    return mem_print("%s/%s%ld", folder, begin, (long)getpid());
}

char *left_name(const char *folder, const char *prefix)
{
    CLEANUP_FREE char *begin = begin_of(prefix);
    return name_of(folder, begin);
}

// Whether its process is gone: of this host and namespace it is asked, others are gone after a week.
static int is_dead(int dir, const char *name, const char *begin, time_t now)
{
    struct stat st;
    unsigned long pid;
    if (str_starts(name, begin) && space_inode()) {
        const char *from = name + strlen(begin);
        CLEANUP_FREE char *number = mem_dupn(from, strcspn(from, "-"));
        return str_number(number, 1UL << 30, &pid) == 0 && kill((pid_t)pid, 0) < 0 &&
               errno == ESRCH;
    }
    // a rename changes the second alone
    time_t old = now - STALE_SECONDS;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < old &&
           st.st_ctime < old;
}

void left_sweep(const char *folder, const char *prefix)
{
    left_sweep_at(folder, prefix, time(NULL));
}

static void sweep(const char *folder, const char *prefix, const char *begin, time_t now)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    while (stream && (entry = readdir(stream)))
        if (str_starts(entry->d_name, prefix) &&
            is_dead(dirfd(stream), entry->d_name, begin, now))
            fs_remove(dirfd(stream), entry->d_name);
    if (stream)
        closedir(stream);
}

void left_sweep_at(const char *folder, const char *prefix, time_t now)
{
    CLEANUP_FREE char *begin = begin_of(prefix);
    sweep(folder, prefix, begin, now);
}

char *left_begin(const char *folder, const char *prefix)
{
    CLEANUP_FREE char *begin = begin_of(prefix);
    sweep(folder, prefix, begin, time(NULL));
    return name_of(folder, begin);
}
