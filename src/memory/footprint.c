// SPDX-License-Identifier: Apache-2.0
// footprint: proc(5): statm, smaps_rollup (Linux 4.14; Pss_Anon and Pss_Shmem from 5.4).
//
// A descriptor below /proc/PID belongs to that process, and reads nothing once it has gone, also if
// the number is another's by then.
#include "memory/footprint.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/tree.h"

#define OPEN    256  // descriptors a task
#define MEMBERS 4096 // processes a task that are looked at

static int open_of(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void add_member(void *context, pid_t pid)
{
    struct footprint *footprint = context;
    if (footprint->count == MEMBERS)
        return;
    for (size_t i = 0; i < footprint->count; i++)
        if (footprint->member[i].pid == pid)
            return;
    mem_room(&footprint->member, &footprint->room, footprint->count + 1,
             sizeof *footprint->member);
    int statm = footprint->count < OPEN ? open_of(pid, "statm") : -1;
    footprint->member[footprint->count++] = (struct member){.pid = pid, .statm = statm};
}

void footprint_begin(struct footprint *footprint, pid_t pid)
{
    footprint_end(footprint);
    add_member(footprint, pid);
}

void footprint_end(struct footprint *footprint)
{
    for (size_t i = 0; i < footprint->count; i++)
        mem_close_at(&footprint->member[i].statm);
    free(footprint->member);
    *footprint = (struct footprint){0};
}

// -1: it has gone, or is a zombie.
static int64_t resident(const struct member *member)
{
    char text[128];
    CLEANUP_CLOSE int opened = member->statm < 0 ? open_of(member->pid, "statm") : -1;
    int fd = member->statm < 0 ? opened : member->statm;
    ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (got <= 0)
        return -1;
    text[got] = '\0';
    const char *second = strchr(text, ' ');
    int64_t pages = second ? strtoll(second, NULL, 10) : 0;
    return pages > 0 ? pages * (sysconf(_SC_PAGESIZE) / 1024) : -1;
}

int64_t footprint_resident(struct footprint *footprint, int walk)
{
    int64_t sum = 0;
    size_t kept = 0;
    for (size_t i = 0; i < footprint->count; i++) {
        int64_t kb = resident(&footprint->member[i]);
        if (kb < 0) {
            mem_close_at(&footprint->member[i].statm);
            if (footprint->member[i].kb > footprint->lost_kb)
                footprint->lost_kb = footprint->member[i].kb;
            continue;
        }
        sum += kb;
        footprint->member[i].kb = kb;
        footprint->member[kept++] = footprint->member[i];
    }
    footprint->count = kept;
    for (size_t i = 0; walk && i < footprint->count; i++) {
        if (i >= kept) {
            int64_t kb = resident(&footprint->member[i]);
            sum += kb > 0 ? kb : 0;
            footprint->member[i].kb = kb;
        }
        tree_children(footprint->member[i].pid, add_member, footprint);
    }
    return sum;
}

static int64_t field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

int64_t footprint_own(const struct footprint *footprint)
{
    int64_t sum = 0;
    for (size_t i = 0; i < footprint->count; i++) {
        char text[2048];
        CLEANUP_CLOSE int fd = open_of(footprint->member[i].pid, "smaps_rollup");
        ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        text[got > 0 ? got : 0] = '\0';
        int64_t all = field(text, "\nPss:");
        int64_t private = field(text, "\nPss_Anon:");
        int64_t shared = field(text, "\nPss_Shmem:");
        int64_t kb = private >= 0 && shared >= 0 ? private + shared : all;
        if (kb < 0)
            kb = resident(&footprint->member[i]);
        sum += kb > 0 ? kb : 0;
    }
    return sum;
}
