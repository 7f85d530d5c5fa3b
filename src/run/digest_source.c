// SPDX-License-Identifier: Apache-2.0
// digest_source: what tells that datasets and journals are as they were: inode, size, time, and
// the last bytes, since times of some file systems are whole seconds.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/line.h"
#include "base/mem.h"
#include "run/digest.h"

enum { TAIL_SIZE = 4096 };

int digest_source(int run_dir, const char *name, struct str *into, int64_t *bytes)
{
    CLEANUP_CLOSE int fd = openat(run_dir, name, O_RDONLY | O_CLOEXEC);
    char tail[TAIL_SIZE];
    struct stat st;
    struct hash hash;
    size_t from = into->size;

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -1;
    ssize_t got =
        pread(fd, tail, sizeof tail, st.st_size > TAIL_SIZE ? st.st_size - TAIL_SIZE : 0);
    if (got < 0)
        return -1;
    hash_begin(&hash);
    hash_part(&hash, tail, (size_t)got);
    str_add(into, name);
    str_add(into, " size=");
    line_add_number(into, st.st_size);
    str_add(into, " mtime=");
    line_add_number(into, clock_ns(st.st_mtim));
    str_add(into, " inode=");
    line_add_number(into, (int64_t)st.st_ino);
    str_add(into, " tail=");
    line_add_hex(into, hash_end(&hash));
    line_end(into, from);
    *bytes += st.st_size;
    return 0;
}

int digest_sources(int run_dir, struct str *into, int64_t *ret_bytes)
{
    CLEANUP_FREE struct journal_name *list = NULL;
    ssize_t count = journal_list(run_dir, &list);
    int64_t datasets = 0;

    *ret_bytes = 0;
    if (count < 0 || digest_source(run_dir, "datasets", into, &datasets) < 0)
        return -1;
    for (ssize_t i = 0; i < count; i++) {
        char name[40];
        snprintf(name, sizeof name, "journal.%u-%u", list[i].parcel, list[i].restart);
        if (digest_source(run_dir, name, into, ret_bytes) < 0)
            return -1;
    }
    return 0;
}
