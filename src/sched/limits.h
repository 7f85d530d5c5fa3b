// SPDX-License-Identifier: Apache-2.0
// limits: what a cluster gives (`scontrol show config`, partition.h, bounds.h), and whether a job is within
// it. The text of Slurm's commands is not to be trusted; nothing here fails by it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "sched/bounds.h"
#include "sched/partition.h"

struct slurm_config {         // 0: not said
    char version[32];         // "22.05.8"
    uint64_t cluster;         // a hash of its name and its slurm.conf's
    unsigned long array_size; // MaxArraySize: no index of an array reaches it
    unsigned long most_jobs;  // MaxJobCount
    int64_t kill_wait_us;     // between SIGTERM and SIGKILL
    int64_t core_kb, node_kb; // DefMemPerCPU, DefMemPerNode: of a job that says none
    int starts_shell_on_node; // LaunchParameters=use_interactive_step
    int has_accounting;       // slurmdbd keeps it
    int holds_to_limits;      // AccountingStorageEnforce: what accounting says is a limit
};
// Of the text of `scontrol show config`.
void slurm_config_read(const char *text, struct slurm_config *ret);

struct limits_ask {                      // of a job; 0: not said
    const char *partition;               // several: "a,b"
    int64_t time_us, memory_kb, core_kb; // --mem, --mem-per-cpu
    unsigned long cores, tasks, nodes;
    const char *cores_option; // of the line that says cores; NULL: -c
};
// Why a cluster refuses what was asked, or would let it wait for ever: -1 with [over-limit] or [refused]
// and the line to type, or 0: nothing of it is above a limit that is known. Of several partitions one is
// enough. `bounds`: NULL, or empty: not known.
int limits_check(const struct limits_ask *ask, const struct partitions *partitions,
                 const struct bounds *bounds, struct err *err);
// How long the job may take: as asked for, else as the partition gives it. 0: not known.
int64_t limits_time(const struct limits_ask *ask, const struct partitions *partitions);
// Adds a time as sbatch reads it: "2-12:30:00", "1:00:00". Rounded up to seconds.
void limits_add_time(struct str *into, int64_t us);
