// SPDX-License-Identifier: Apache-2.0
// process: /proc/PID/stat has the name in parentheses, which may hold anything, and then fields
// by number.
#include "base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"

#define MOST_ENVIRONMENT ((size_t)4 << 20)

static int read_file(pid_t pid, const char *name, size_t most, struct str *ret)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fs_read(AT_FDCWD, path, most, ret, NULL);
}

int process_read(pid_t pid, struct process *ret)
{
    CLEANUP_STR struct str text = {0};
    long long field[25] = {0}; // by number as in proc(5)
    if (read_file(pid, "stat", 4096, &text) < 0)
        return -1;
    const char *at = strrchr(str_text(&text), ')');
    if (!at || at[1] != ' ' || !at[2])
        return -1;
    char *next = (char *)at + 3;
    for (int i = 4; i < 25; i++)
        field[i] = strtoll(next, &next, 10);
    *ret = (struct process){
        .state = at[2],
        .parent = (pid_t)field[4],
        .cpu_ticks = field[14] + field[15] + field[16] + field[17],
        .start = (unsigned long long)field[22],
        .resident_pages = field[24],
    };
    return 0;
}

int process_is_over(const struct process *process)
{
    return process->state == 'Z' || process->state == 'X';
}

int process_environment(pid_t pid, struct str *ret)
{
    return read_file(pid, "environ", MOST_ENVIRONMENT, ret);
}

const char *process_entry(const struct str *environment, const char *begin, size_t size)
{
    for (size_t at = 0; at < environment->size; at += strlen(environment->text + at) + 1)
        if (environment->size - at >= size && memcmp(environment->text + at, begin, size) == 0)
            return environment->text + at + size;
    return NULL;
}
