// SPDX-License-Identifier: Apache-2.0
// pace: how the threads of processes get on: on a CPU, waiting for one, blocked; from one look to the next
// (/proc/PID/task/TID/schedstat, proc(5)).
//
// Each read has its own time: where there are many more threads than cores, who looks is late too. Descriptors
// stay open between looks, which makes one six times cheaper; a thread that ended reads nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "threads/census.h"

struct pace_thread {
    pid_t tid;
    int fd;                         // of schedstat; -1: opened at each look
    int64_t run_ns, wait_ns, at_ns; // at the last look
    double run, wait;               // cores' worth between the last two
    uint64_t word,
        at; // the futex that it waits for, and its next instruction, at the last peek; 0: none
    unsigned seen; // look at which it was there
};
struct pace_process { // in the order of the census
    pid_t pid;
    unsigned long long start;
    struct pace_thread *thread;
    size_t threads, room;
    double run, wait; // of all its threads
    double blocked;   // threads in state D on average of the peeks since the last look
    unsigned active;  // threads that ran or waited
    unsigned blocked_sum;
};
struct pace {         // zero-initialise to begin
    const char *root; // borrowed; NULL: ""
    struct pace_process *item;
    size_t count;
    unsigned looks, peeks; // peeks since the last look
    size_t open;           // descriptors
    int measured;          // the kernel tells of waiting
    int64_t at_ns;         // CLOCK_MONOTONIC of the last look
    int64_t interval_ns;   // between the last two
};
#define PACE_ACTIVE 0.05 // cores' worth: what is less is nothing
// Looks at the processes of a census. After the second look there are figures.
void pace_look(struct pace *pace, const struct census *census);
// In between: what threads that do not run wait for. Of the first few hundred.
void pace_peek(struct pace *pace);
void pace_free(struct pace *pace);
