// SPDX-License-Identifier: Apache-2.0
// memory_state: what memory*.c share; not for others.
#pragma once

#include "memory/footprint.h"
#include "memory/memory.h"
#include "memory/need.h"

struct memory_task { // of a slot
    pid_t pid;       // 0: the slot is free
    uint32_t index;
    int64_t size, begin_us;
    struct footprint footprint;
    int64_t resident_kb;       // at the last look; 0: never looked at
    int64_t own_kb, own_at_kb; // at the last measure of it, and what was resident then
    int64_t own_us;            // when that was, 0: never
    int64_t shared_kb;         // the most by which own was below resident
    int64_t use_kb, peak_kb;   // own, as far as it is known between measures
    enum memory_verdict verdict;
    int by_each; // that was above --mem-each
    int company; // others ran beside it
    int several; // it had children
    int hurt;    // the kernel killed one of them
    int64_t hurt_us,
        hurt_cpu_us; // when its processor time was looked at since, and what it was
};
struct memory_past { // of a dataset that died of memory or was put back
    int64_t peak_kb;
    uint32_t deaths;
};
struct memory {
    int shown; // /proc shows tasks by the numbers that we know
    struct memory_ask ask;
    struct memory_gauge *gauge;
    struct need *need;
    struct memory_task *task;
    struct memory_past *past;
    int64_t aside_kb; // set aside for those that run; -1: to be counted again
    unsigned running;
    unsigned ceiling; // no more than that until a task has ended by itself; 0: none
    int64_t due_us, walk_us;
    int64_t look_us;       // the last look
    int64_t alone_us;      // since when one runs alone, 0: it does not
    struct memory_use use; // of the control group
    int64_t rate_kb;       // by which its use grows, a second
    int64_t sum_kb;        // of tasks
    int64_t sum_rate_kb;   // by which that grows, a second
    int64_t others_kb;     // in our group and not of tasks
    int64_t base_kb; // the largest resident set that the kernel had counted for this process
                     // when the run began: what started it may have been larger
    int64_t self_kb; // this process's resident set then
    int64_t kills, kills_us; // the kernel's that were dealt with; when there was one more
};
// The kernel's kills that no task's end explains: they were of children. Returns a task that does
// nothing since, or NULL.
struct memory_task *memory_count_kills(struct memory *memory, int64_t now_us);
// What is set aside for a dataset, 0 with nothing to go by.
int64_t memory_wanted(const struct memory *memory, uint32_t index, int64_t size);
