// SPDX-License-Identifier: Apache-2.0
// pools: the thread pools in processes: which library, how many threads it takes, and how that is known; and
// whether lopin's startup hook is in them.
//
// Reads the memory of a process where the kernel allows it (process_vm_readv(2)): of a user's own, which
// ptrace(2) may restrict to descendants. Nothing of the process is stopped or changed.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "threads/census.h"
#include "threads/library.h"

enum pool_from {
    POOL_UNKNOWN,
    POOL_MEMORY,      // the library's own counter
    POOL_ENVIRONMENT, // a variable that the process was started with
    POOL_CORES,       // what the library does where nothing is said
};
struct pool {
    size_t library; // its place in pools->library
    unsigned threads;
    enum pool_from from;
    const char *by;     // the variable; NULL
    uint64_t low, high; // where the library lies in this process; 0: not known
    unsigned made;      // threads that OpenBLAS says it has started; 0: none, or not known
};
// A startup hook that should be in a Python of a task.
enum hook {
    HOOK_NONE, // not asked for: not in a task, not a Python, just started
    HOOK_THERE,
    HOOK_ISOLATED, // -I, -E or -S on its line
    HOOK_DROPPED,  // its environment has no PYTHONPATH with it
    HOOK_HIDDEN,   // it has, behind another entry
    HOOK_LOST,     // it is missing, and why cannot be told
};
struct pools_process {
    int read; // 0: not looked at, 1: yes, -1: another user's, or gone
    struct pool *pool;
    size_t count;
    enum hook hook;
    int in_task; // it carries LOPIN_TASK
};
struct pools {               // zero-initialise to begin
    struct library *library; // each file once
    size_t count, room;
    uint64_t *plain; // files that were looked at and are none, by inode and path
    size_t plain_count, plain_room;
};
// Looks into a process. What is there in *ret is freed first. `in_task`: it was started below a task of
// lopin's; `age_ms`: since it started; negative: not known.
void pools_look(struct pools *pools, const char *root, const struct census_process *process,
                int in_task, int64_t age_ms, struct pools_process *ret);
void pools_process_free(struct pools_process *process);
void pools_free(struct pools *pools);
// The word in English, as JSON has it: "memory"; "isolated". Static. NULL for HOOK_NONE and HOOK_THERE.
const char *pool_from_name(enum pool_from from);
const char *hook_name(enum hook hook);
