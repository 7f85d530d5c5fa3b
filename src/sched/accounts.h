// SPDX-License-Identifier: Apache-2.0
// accounts: what sacct(1) has of jobs, many in one call: each run of a job that began again is a record of
// its own. A courtesy: not every site has accounts, and they lag by seconds. Their text is not to be
// trusted; nothing here fails by it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "sched/jobs.h"

struct account {          // of one run of a job or of an element of an array
    struct slurm_job job; // as squeue would say it
    int64_t elapsed_s;
    int64_t cpu_us;    // of all its processes; -1: not said
    int64_t memory_kb; // the most of a step, on one node; -1: not said
    int64_t paid_kb;   // all that it had; 0: not said
    long by;           // the user that cancelled it; -1: nobody
};
struct accounts {         // zero-initialise to begin; free with accounts_free
    struct account *item; // by job, element, and as they came
    size_t count, room;
    struct jobs text; // its strings
};
// The words of sacct whose output, with times in seconds, accounts_read reads; numbers follow, "8124,8125".
extern const char *const accounts_ask[];
void accounts_read(const char *text, struct accounts *ret);
void accounts_free(struct accounts *accounts);
#define CLEANUP_ACCOUNTS CLEANUP(accounts_free)
// The last run of a job or element. NULL: there is none.
const struct account *accounts_find(const struct accounts *accounts, uint32_t job,
                                    uint32_t element);
// The words of sstat(1) that the own number of a job follows, and what it printed of that one: cpu_us and
// memory_kb, -1 where it says nothing.
extern const char *const accounts_ask_live[];
void accounts_read_live(const char *text, uint32_t id, struct account *ret);
// Whether `scontrol show config` says that there are accounts to ask.
int accounts_exist(const char *config);
