// SPDX-License-Identifier: Apache-2.0
// task: a slot's task from its start to the record of its end; inside of runner.c.
#pragma once

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/pool.h"
#include "map/launch.h"
#include "map/logs.h"
#include "map/queue.h"
#include "map/run.h"
#include "map/storage.h"
#include "map/writer.h"
#include "run/limits.h"

struct memory;
struct thread_watch;
struct task {       // of a slot
    pid_t pid;      // 0: the slot is free
    uint32_t index; // of the dataset
    uint32_t slot;  // from 1
    uint32_t attempt;
    int64_t wall_us, boot_us; // its start
    int64_t data_size, data_mtime;
    char *temporary;    // {out} while it is written, or NULL
    enum why why;       // we are ending it
    int64_t kill_us;    // when SIGKILL follows (CLOCK_BOOTTIME), or 0
    int log, error_log; // files of -o and -e, or -1
};
// What tasks need of the runner and change in it.
struct workshop {
    const struct run *run;
    const struct runner_listener *listener;
    struct launch *launch;
    struct logs *logs;
    struct writer *writer;
    struct pool *publishers;
    struct queue *queue;
    struct memory *memory;
    struct thread_watch *threads;
    struct task *task; // of each slot
    size_t running;
    size_t given;    // datasets to run, so far
    int is_emptied;  // no more of them come
    int folder;      // where tasks start
    int lost;        // another has the run: nothing is recorded or published any more
    int64_t held_us; // when we last saw that we have it
    size_t done, failed, stopped, continued, publishing;
    struct storage storage;
    struct ending *waiting; // ends that a full disk holds, the first first; see ending.h
    size_t endings_waiting; // and those of them that are being tried again
    struct limit_halt halt;
    int halted;      // as --halt asks
    int64_t warn_us; // when tasks are told that the parcel ends (CLOCK_BOOTTIME), 0: never
    int64_t cpu_us;  // of tasks that ended
    struct fit fit;
    struct err err; // the first failure that ends the run; code 0: none
};
// Looks whether we still have the run (owner.h), HOLD_US after the last look. Returns -1, and
// workshop->err, if it is lost.
#define HOLD_US 10000000
int task_hold(struct workshop *workshop);
// Starts a dataset in a free slot. Returns 0 (also where the task cannot be started for reasons
// of its own: then it has failed, and the slot is free); 1 if the machine has no room for a
// process now; -1 with workshop->err, or where storage_failed said why not now.
int task_start(struct workshop *workshop, struct task *task, uint32_t index);
// After its wait: frees the slot; records the end, at once or when its output is published.
void task_end(struct workshop *workshop, struct task *task, int status,
              const struct rusage *usage);
// Another has the run, as err says.
void task_lose(struct workshop *workshop, const struct err *err);
// Tells the listener, if it wants to know.
void task_tell(const struct workshop *workshop, const struct event *event);
