// SPDX-License-Identifier: Apache-2.0
// limits: what a cluster gives: `scontrol show config` and `sinfo`, read. Their text is not to be trusted;
// nothing here fails by it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct slurm_config {         // 0: not said
    char version[32];         // "22.05.8"
    unsigned long array_size; // MaxArraySize: no index of an array reaches it
    unsigned long most_jobs;  // MaxJobCount
    int64_t kill_wait_us;     // between SIGTERM and SIGKILL
    int starts_shell_on_node; // LaunchParameters=use_interactive_step
};
// Of the text of `scontrol show config`.
void slurm_config_read(const char *text, struct slurm_config *ret);

struct partition {
    char *name;
    int is_default;
    int64_t time_us;           // the longest of a job; 0: without limit, or not said
    unsigned long cpus, nodes; // the most of a node; how many nodes
    int64_t memory_kb;         // the most of a node
};
struct partitions { // zero-initialise to begin; free with partitions_free
    struct partition *item;
    size_t count, room;
};
// The words of sinfo whose output partitions_read reads: a line for each kind of node of a partition.
extern const char *const partitions_ask[];
void partitions_read(const char *text, struct partitions *ret);
void partitions_free(struct partitions *partitions);
#define CLEANUP_PARTITIONS CLEANUP(partitions_free)
// The one of that name; NULL: the default one. NULL if there is none.
const struct partition *partitions_find(const struct partitions *partitions, const char *name);

struct limits_ask { // of a job; 0: not said
    const char *partition;
    int64_t time_us, memory_kb, core_kb; // --mem, --mem-per-cpu
    unsigned long cores, tasks, nodes;
};
// Why a cluster refuses what was asked: -1 with [over-limit] or [refused] and the line to type, or 0:
// nothing of it is above a limit that sinfo shows.
int limits_check(const struct limits_ask *ask, const struct partitions *partitions,
                 struct err *err);
// Adds a time as sbatch reads it: "2-12:30:00", "1:00:00". Rounded up to seconds.
void limits_add_time(struct str *into, int64_t us);
