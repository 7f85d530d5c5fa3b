// SPDX-License-Identifier: Apache-2.0
// scene: processes with their pools and their pace, and what to think of it: what `lopin threads` shows.
#pragma once

#include "threads/census.h"
#include "threads/pace.h"
#include "threads/pools.h"
#include "threads/verdict.h"

struct scene_process { // beside census.item and pace.item, same place
    struct pools_process pools;
    unsigned queue_sum; // threads that waited for one lock of a BLAS, over all peeks
    int waits_for_ever; // alone, and for a word of a BLAS or OpenMP library
};
struct scene_group { // one of the processes that were asked for, with what it started; or all
    struct cpuset cpus; // union of their masks
    double quota;       // CPUs' worth of time; 0: there is none
    struct verdict_facts facts;
    enum verdict verdict;
    unsigned processes; // all of them
};
struct scene {        // scene_begin
    const char *root; // borrowed
    struct census census;
    struct pace pace;
    struct pools pools;
    struct scene_process *process;
    pid_t *roots;
    size_t root_count;
    int separate; // each root is judged for itself
    int in_tasks; // they are below tasks of lopin's
    struct scene_group *group;
    size_t groups;
    size_t worst;    // place of the group with the worst verdict
    unsigned peeks;  // since the last look
    int64_t boot_ms; // time since boot at the last look; -1: not known
};
// Looks at processes for the first time. `separate`: judges each of them by itself, as tasks, which have cores
// of their own.
void scene_begin(struct scene *scene, const char *root, const pid_t *roots, size_t count,
                 int separate, int in_tasks);
// Their libraries: once, and again for those that came. Stops at `until_us` (CLOCK_BOOTTIME), 0: never.
void scene_inspect(struct scene *scene, int64_t until_us);
void scene_peek(struct scene *scene);
// Looks again, and judges what happened since the last look.
void scene_look(struct scene *scene);
// The same of other roots (tasks came and went); those that stay are known.
void scene_set_roots(struct scene *scene, const pid_t *roots, size_t count);
// Adds the libraries that have the largest pools in the processes of a group that are active: "OpenBLAS (numpy,
// scipy)", made visible; nothing if none has more than one thread. *ret_variable (static) is what sets all of them, NULL.
void scene_libraries(const struct scene *scene, size_t group, struct str *into,
                     const char **ret_variable);
void scene_free(struct scene *scene);
