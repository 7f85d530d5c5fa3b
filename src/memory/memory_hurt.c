// SPDX-License-Identifier: Apache-2.0
// memory_hurt: the kernel may kill a child of a task and not the task. Some end badly then, others wait
// for it for ever (CPython's multiprocessing.Pool, issue 96062).
#include "base/tree.h"
#include "memory/memory_state.h"

#define SOON_US   1000000  // within that a task that was killed itself has ended
#define FORGET_US 10000000 // a kill that hit none of ours
#define IDLE_US   30000000
#define IDLE      0.02 // of a core

static int64_t processor_us(const struct memory_task *task)
{
    struct tree_use use = {0};
    tree_measure(task->pid, &use);
    return use.cpu_us;
}

// The one that lost the largest process lately.
static struct memory_task *find_loser(struct memory *memory)
{
    struct memory_task *found = NULL;
    for (unsigned i = 0; i < memory->ask.slots; i++) {
        struct memory_task *task = &memory->task[i];
        if (task->pid && task->footprint.lost_kb &&
            (!found || task->footprint.lost_kb > found->footprint.lost_kb))
            found = task;
    }
    return found;
}

static void attribute(struct memory *memory, int64_t now_us)
{
    int64_t kills = memory_gauge_kills(memory->gauge);
    if (kills <= memory->kills) {
        memory->kills_us = 0;
        for (unsigned i = 0; i < memory->ask.slots; i++)
            memory->task[i].footprint.lost_kb = 0;
        return;
    }
    if (!memory->kills_us)
        memory->kills_us = now_us;
    if (now_us - memory->kills_us < SOON_US)
        return;
    struct memory_task *task = find_loser(memory);
    if (task) {
        task->hurt = 1;
        task->hurt_us = now_us;
        task->hurt_cpu_us = processor_us(task);
        task->footprint.lost_kb = 0;
        memory->kills++;
    } else if (now_us - memory->kills_us > FORGET_US) {
        memory->kills = kills;
    }
}

struct memory_task *memory_count_kills(struct memory *memory, int64_t now_us)
{
    attribute(memory, now_us);
    for (unsigned i = 0; i < memory->ask.slots; i++) {
        struct memory_task *task = &memory->task[i];
        if (!task->pid || !task->hurt || task->verdict || now_us - task->hurt_us < IDLE_US)
            continue;
        int64_t cpu_us = processor_us(task);
        if ((double)(cpu_us - task->hurt_cpu_us) < IDLE * (double)(now_us - task->hurt_us))
            return task;
        task->hurt_us = now_us;
        task->hurt_cpu_us = cpu_us;
    }
    return NULL;
}
