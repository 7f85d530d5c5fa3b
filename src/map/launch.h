// SPDX-License-Identifier: Apache-2.0
// launch: the words, environment and descriptors of a task, made ready once and completed for
// each.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "map/run.h"

struct launch;
// `folder`: a descriptor of where tasks start; `files`: the limit of open files that they have;
// both borrowed. NULL with err.
struct launch *launch_new(const struct run *run, int folder, const struct rlimit *files,
                          struct err *err);
struct launch_task { // borrowed
    const struct dataset *dataset;
    unsigned slot, attempt; // from 1
    int64_t deadline_s;     // Unix time, or 0
    const char *out;        // the temporary path, or NULL
    int log, error_log;     // descriptors
};
// Starts the script on a dataset. Returns the pid, or -1 with err: then nothing runs.
pid_t launch_start(struct launch *launch, const struct launch_task *task, struct err *err);
// Adds the variable that all processes of a parcel carry: "LOPIN_RUN=/home/me/.lopin/runs/5:3"; without a
// number for the one that has a run to itself.
void launch_run_name(const struct folder *folder, unsigned parcel, struct str *into);
// What LOPIN_TASK of a task is: "RUN.KEY".
enum { LAUNCH_NAME_SIZE = 32 };
void launch_name(const struct run *run, const struct dataset *dataset,
                 char ret[LAUNCH_NAME_SIZE]);
// Empties the slot's TMPDIR if anything was put there.
void launch_clean(struct launch *launch, unsigned slot);
// Opens a -o or -e pattern for a dataset. -1 with err.
int launch_log(struct launch *launch, int error, const struct dataset *dataset, unsigned slot,
               struct err *err);
// What is to be put right some time after the last start. Returns when it has to be called
// again, or INT64_MAX.
int64_t launch_tend(struct launch *launch, int64_t now);
void launch_free(struct launch *launch);
