// SPDX-License-Identifier: Apache-2.0
#include "base/left.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

// "HOST-": processes of other hosts may live. Yours.
static char *begin_of(const char *prefix)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    return mem_print("%s%s-", prefix, host);
}

char *left_name(const char *folder, const char *prefix)
{
    CLEANUP_FREE char *begin = begin_of(prefix);
    return mem_print("%s/%s%ld", folder, begin, (long)getpid());
}

void left_sweep(const char *folder, const char *prefix)
{
    CLEANUP_FREE char *begin = begin_of(prefix);
    DIR *stream = opendir(folder);
    struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        unsigned long pid;
        if (!str_starts(entry->d_name, begin))
            continue;
        const char *from = entry->d_name + strlen(begin);
        CLEANUP_FREE char *number = mem_dupn(from, strcspn(from, "-"));
        if (str_number(number, 1UL << 30, &pid) == 0 && kill((pid_t)pid, 0) < 0 &&
            errno == ESRCH)
            fs_remove(dirfd(stream), entry->d_name);
    }
    if (stream)
        closedir(stream);
}
