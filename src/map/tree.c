// SPDX-License-Identifier: Apache-2.0
// tree: walks /proc/PID/task/PID/children (proc(5), CONFIG_PROC_CHILDREN); without it only the
// task itself is seen.
#include "map/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH 16

static ssize_t read_small(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, buffer, size - 1);
    close(fd);
    buffer[got > 0 ? got : 0] = '\0';
    return got;
}

static void measure_one(pid_t pid, struct tree_use *sum)
{
    char path[64];
    char text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_small(path, text, sizeof text) <= 0)
        return;
    const char *at = strrchr(text, ')');
    if (!at)
        return;
    long long field[25] = {0};   // by number as in proc(5)
    char *next = (char *)at + 4; // ") S "
    for (int i = 4; i < 25; i++)
        field[i] = strtoll(next, &next, 10);
    int64_t tick_us = 1000000 / sysconf(_SC_CLK_TCK);
    sum->cpu_us += (field[14] + field[15] + field[16] + field[17]) * tick_us;
    sum->resident_kb += field[24] * (sysconf(_SC_PAGESIZE) / 1024);
}

static void measure(pid_t pid, int depth, struct tree_use *sum)
{
    char path[64];
    char text[8192];
    measure_one(pid, sum);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    if (depth == DEPTH || read_small(path, text, sizeof text) <= 0)
        return;
    char *next = text;
    for (;;) {
        char *end;
        long child = strtol(next, &end, 10);
        if (end == next)
            return;
        measure((pid_t)child, depth + 1, sum);
        next = end;
    }
}

void tree_measure(pid_t pid, struct tree_use *sum)
{
    measure(pid, 0, sum);
}
