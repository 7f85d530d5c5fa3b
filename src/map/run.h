// SPDX-License-Identifier: Apache-2.0
// run: what a runner is given, what it tells while it works, and what came of it.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/vars.h"
#include "dataset/datasets.h"
#include "machine/cpuset.h"
#include "machine/memory.h"
#include "run/folder.h"
#include "run/journal.h"
#include "run/progress.h"
#include "run/spec.h"

// Why a task, or a run, is ended by us.
enum why {
    WHY_NONE,
    WHY_ASKED,   // a signal to the runner: Ctrl-C, lopin cancel
    WHY_TIME,    // the end of -t
    WHY_TIMEOUT, // --timeout of a task
    WHY_HALT,    // --halt
    WHY_LOST,    // another has the run
    WHY_MEMORY,  // no room, or above --mem-each
};
enum event_kind {
    EVENT_START,
    EVENT_END,
    EVENT_STOPPING,
    EVENT_KILLING,
    EVENT_STORAGE, // something could not be written: see storage.h
    EVENT_STORAGE_OVER,
    EVENT_THREADS // what was found when a task's threads were looked at
};
struct event {
    enum event_kind kind;
    enum why why;                  // STOPPING, KILLING
    const struct dataset *dataset; // START, END, THREADS
    const struct record *record;   // START, END, THREADS
    const struct err *err;         // STORAGE
    size_t waiting;                // STORAGE: records and outputs
};
struct runner_listener {
    void (*event)(void *context, const struct event *event);
    void (*tick)(void *context, const struct progress *progress);
    int tick_ms; // how often tick is called
    void *context;
};
struct earlier { // what came of a dataset before this start
    uint32_t attempts;
    uint32_t parcel, restart; // that made the last one
    int saved; // the last one ended by exit 75: what it left at {out} stays for the next
};
// Of a runner that has a part of a run, beside others: where more to do comes from, and whether what it
// has is still its own.
struct share {
    // More datasets, behind those of run->order: 1 with *ret_count indices in *ret (borrowed until the next
    // call), whose run->earlier is then known; 0: there is nothing more; -1 with err.
    int (*more)(void *context, const uint32_t **ret, size_t *ret_count, struct err *err);
    // Says that we are there. Returns 0, or -1 with [run-busy]: all is another's now.
    int (*touch)(void *context, struct err *err);
    // The same of one dataset, just before its output is published. Called from any thread.
    int (*hold)(void *context, uint32_t index, struct err *err);
    void *context;
};
struct run { // everything a runner needs; borrowed
    const struct spec *spec;
    const struct datasets *datasets;
    const uint32_t *order; // indices to run, in this order
    size_t count;
    size_t kept;                   // done before
    const struct earlier *earlier; // of each dataset, by index; NULL: nothing came before
    const char *const *goal;       // of each dataset, absolute, or NULL without --out
    const struct cpuset *slots;    // spec->slots of them
    struct memory_limit memory;    // of the parcel
    const struct vars *vars;       // of every task, guard and hook in it
    const char *temporary; // folder for the tasks' TMPDIR, made and emptied by the runner
    const struct folder *folder;
    unsigned parcel, restart;
    const struct share *share; // NULL: the whole run is ours, as its owner file says
    int is_brief; // SIGTERM is soon followed by SIGKILL: tasks end at the first one
};
struct run_result {
    size_t done, failed, stopped; // stopped: ended by us, to run again
    size_t not_started;           // nor begun again after an attempt that asked for it
    int64_t wall_us;
    int killed;       // stopped by force
    int signal;       // that stopped it, or 0
    enum why why;     // it stopped before all were done; NONE: it did not, or see err
    size_t continued; // attempts that saved what they had (exit 75)
    size_t left;      // processes that tasks had left running and that were ended
    // why it stopped by itself (journal could not be written); code 0 if it did not
    struct err err;
};
