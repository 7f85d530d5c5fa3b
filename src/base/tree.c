// SPDX-License-Identifier: Apache-2.0
// tree: walks /proc/PID/task/TID/children (proc(5), CONFIG_PROC_CHILDREN); without it only the
// task itself is seen. A child belongs to the thread that forked it.
#include "base/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define DEPTH 16

static void measure(pid_t pid, int depth, struct tree_use *sum);

// Returns how many threads it has; 0 if it is gone.
static long long measure_one(pid_t pid, struct tree_use *sum)
{
    char path[64];
    CLEANUP_STR struct str text = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (fs_read(AT_FDCWD, path, 4096, &text, NULL) < 0)
        return 0;
    const char *at = strrchr(text.text, ')');
    if (!at)
        return 0;
    long long field[25] = {0};   // by number as in proc(5)
    char *next = (char *)at + 4; // ") S "
    for (int i = 4; i < 25; i++)
        field[i] = strtoll(next, &next, 10);
    int64_t tick_us = 1000000 / sysconf(_SC_CLK_TCK);
    sum->cpu_us += (field[14] + field[15] + field[16] + field[17]) * tick_us;
    sum->resident_kb += field[24] * (sysconf(_SC_PAGESIZE) / 1024);
    return field[20];
}

static void measure_children(pid_t pid, long thread, int depth, struct tree_use *sum)
{
    char path[64];
    CLEANUP_STR struct str text = {0};
    snprintf(path, sizeof path, "/proc/%d/task/%ld/children", (int)pid, thread);
    if (fs_read(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
        return;
    char *end;
    for (char *next = text.text;; next = end) {
        long child = strtol(next, &end, 10);
        if (end == next)
            return;
        measure((pid_t)child, depth + 1, sum);
    }
}

static void measure(pid_t pid, int depth, struct tree_use *sum)
{
    long long threads = measure_one(pid, sum);
    if (depth == DEPTH || !threads)
        return;
    if (threads == 1) {
        measure_children(pid, pid, depth, sum);
        return;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *stream = opendir(path);
    struct dirent *entry;
    while (stream && (entry = readdir(stream)))
        if (isdigit((unsigned char)entry->d_name[0]))
            measure_children(pid, strtol(entry->d_name, NULL, 10), depth, sum);
    if (stream)
        closedir(stream);
}

void tree_measure(pid_t pid, struct tree_use *sum)
{
    measure(pid, 0, sum);
}
