// SPDX-License-Identifier: Apache-2.0
// workbench: a run of lines of /bin/sh on words, with what happened in it.
#pragma once

#include "base/str.h"
#include "machine/cpuset.h"
#include "map/runner.h"

#define BENCH_SLOTS    3
#define BENCH_DATASETS 64

struct bench_record { // START and END, in the journal's order
    enum record_kind kind;
    uint32_t index, slot, attempt; // of the dataset
    enum task_state state;
    int code;
    char cause[32], output[256];
    int64_t output_size, output_inode, log_at, log_size, data_size;
};
struct bench {
    char *cwd; // a project of its own, absolute
    struct spec spec;
    struct datasets datasets;
    struct cpuset slot[BENCH_SLOTS];
    struct vars vars;
    struct folder folder;
    uint32_t order[BENCH_DATASETS];
    char *goal[BENCH_DATASETS], *temporary;
    struct run run;
    struct runner_listener listener;
    struct run_result result;
    struct err err;
    struct bench_record *record;
    size_t records, room;
    int opened, closed; // places of OPEN and CLOSE among all records, from 1
    int all;            // records of all kinds
};
// `words`: datasets, separated by spaces. The lines get {} as $1 and, with outputs, {out} as
// $2.
void bench_make(struct bench *bench, const char *name, const char *lines, const char *words,
                unsigned slots, int outputs);
// runner_run, then its journal.
int bench_run(struct bench *bench);
void bench_read(struct bench *bench);
void bench_free(struct bench *bench);
// The last END of a dataset; fails the test if it has none.
const struct bench_record *bench_end(const struct bench *bench, uint32_t index);
// A path in the project. Yours.
char *bench_path(const struct bench *bench, const char *name);
