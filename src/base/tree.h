// SPDX-License-Identifier: Apache-2.0
// tree: a process with its descendants, as /proc shows them.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tree_use {
    int64_t cpu_us;      // user + system of the living and of the waited-for
    int64_t resident_kb; // sum of resident sets: shared pages count more than once
};
typedef void tree_each(void *context, pid_t child);
// Calls `each` for each of its children now; for none where the kernel does not show them.
void tree_children(pid_t pid, tree_each *each, void *context);
struct tree_list { // zero-initialise to begin; its `pid` is yours
    pid_t *pid;
    size_t count, room;
};
// Adds each of its children.
void tree_list_children(pid_t pid, struct tree_list *into);
// Adds what the process and its descendants use to *sum. One that is gone adds nothing.
void tree_measure(pid_t pid, struct tree_use *sum);
