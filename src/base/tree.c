// SPDX-License-Identifier: Apache-2.0
// tree: walks /proc/PID/task/TID/children (proc(5), CONFIG_PROC_CHILDREN); without it only the
// process itself is seen. A child belongs to the thread that forked it.
#include "base/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/process.h"

#define DEPTH 16

// Returns 0, or -1 if it is gone.
static int measure_one(pid_t pid, struct tree_use *sum)
{
    struct process process;
    if (process_read(pid, &process) < 0)
        return -1;
    sum->cpu_us +=
        (process.cpu_ticks + process.waited_ticks) * (1000000 / sysconf(_SC_CLK_TCK));
    sum->resident_kb += process.resident_pages * (sysconf(_SC_PAGESIZE) / 1024);
    return 0;
}

static void each_child_of(pid_t pid, long thread, tree_each *each, void *context)
{
    char path[80];
    CLEANUP_STR struct str text = {0};
    snprintf(path, sizeof path, "/proc/%d/task/%ld/children", (int)pid, thread);
    if (fs_read(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
        return;
    char *end;
    for (char *next = text.text;; next = end) {
        long child = strtol(next, &end, 10);
        if (end == next)
            return;
        each(context, (pid_t)child);
    }
}

void tree_children(pid_t pid, tree_each *each, void *context)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    if (stat(path, &st) < 0)
        return;
    if (st.st_nlink == 3) { // ".", ".." and one thread
        each_child_of(pid, pid, each, context);
        return;
    }
    DIR *stream = opendir(path);
    struct dirent *entry;
    while (stream && (entry = readdir(stream)))
        if (isdigit((unsigned char)entry->d_name[0]))
            each_child_of(pid, strtol(entry->d_name, NULL, 10), each, context);
    if (stream)
        closedir(stream);
}

static void add_to_list(void *context, pid_t child)
{
    struct tree_list *list = context;
    mem_room(&list->pid, &list->room, list->count + 1, sizeof *list->pid);
    list->pid[list->count++] = child;
}

void tree_list_children(pid_t pid, struct tree_list *into)
{
    tree_children(pid, add_to_list, into);
}

struct walk {
    struct tree_use *sum;
    int depth;
};

static void measure(void *context, pid_t pid)
{
    const struct walk *walk = context;
    struct walk below = {walk->sum, walk->depth + 1};
    if (measure_one(pid, walk->sum) == 0 && walk->depth < DEPTH)
        tree_children(pid, measure, &below);
}

void tree_measure(pid_t pid, struct tree_use *sum)
{
    struct walk walk = {sum, 0};
    measure(&walk, pid);
}
