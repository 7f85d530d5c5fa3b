// SPDX-License-Identifier: Apache-2.0
// process: /proc/PID/stat has the name in parentheses, which may hold anything, and then fields
// by number.
#include "base/process.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"

#define KERNEL_THREAD    0x00200000 // PF_KTHREAD of the kernel's sched.h, in the field "flags"
#define MOST_ENVIRONMENT ((size_t)4 << 20)

static int read_file(pid_t pid, const char *name, size_t most, struct str *ret)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fs_read(AT_FDCWD, path, most, ret, NULL);
}

// 0 for what cannot be: the sum of two counts is one.
static long long ticks(long long user, long long system)
{
    int is_count = user >= 0 && system >= 0 && user < INT64_MAX / 2 && system < INT64_MAX / 2;
    return is_count ? user + system : 0;
}

int process_parse(const char *text, struct process *ret)
{
    long long field[25] = {0}; // by number as in proc(5)
    const char *at = strrchr(text, ')');
    *ret = (struct process){0};
    if (!at || at[1] != ' ' || !isalpha((unsigned char)at[2]))
        return -1;
    char *next = (char *)at + 3;
    for (size_t i = 4; i < COUNT(field); i++)
        field[i] = strtoll(next, &next, 10);
    *ret = (struct process){
        .state = at[2],
        .parent = (pid_t)field[4],
        .is_kernel = (field[9] & KERNEL_THREAD) != 0,
        .threads = field[20] > 0 ? (unsigned long)field[20] : 0,
        .cpu_ticks = ticks(field[14], field[15]),
        .waited_ticks = ticks(field[16], field[17]),
        .start = field[22] > 0 ? (unsigned long long)field[22] : 0,
        .resident_pages = field[24],
    };
    return 0;
}

int process_read(pid_t pid, struct process *ret)
{
    CLEANUP_STR struct str text = {0};
    return read_file(pid, "stat", 4096, &text) < 0 ? -1 : process_parse(str_text(&text), ret);
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
