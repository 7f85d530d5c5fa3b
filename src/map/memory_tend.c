// SPDX-License-Identifier: Apache-2.0
// memory_tend: slots are counted from 1 by the runner and from 0 by memory.h.
#include "map/memory_tend.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/human.h"
#include "base/lang.h"
#include "map/stop.h"

#define RETRY_UNIT 1000 // of spec->mem_retry

struct memory *memory_begin(const struct run *run)
{
    const struct spec *spec = run->spec;
    const struct memory_ask ask = {
        .root = "",
        .datasets = run->datasets->count,
        .slots = spec->slots,
        .limit = run->memory,
        .each_kb = spec->mem_each_kb,
        .retry = (double)spec->mem_retry / RETRY_UNIT,
    };
    return memory_new(&ask);
}

// There is no room left for a grace: what a task could save would need memory too.
int64_t memory_tend(struct workshop *workshop, int64_t now)
{
    enum memory_verdict verdict;
    unsigned slot;
    int64_t due = memory_look(workshop->memory, now, &verdict, &slot);
    if (verdict != MEMORY_FINE)
        stop_kill(&workshop->task[slot], WHY_MEMORY);
    return due;
}

static int64_t size_of(const struct workshop *workshop, uint32_t index)
{
    return (int64_t)dataset_size(&workshop->run->datasets->item[index]);
}

int memory_has_room(const struct workshop *workshop, uint32_t index)
{
    return memory_fits(workshop->memory, index, size_of(workshop, index));
}

void memory_task_started(const struct workshop *workshop, const struct task *task)
{
    memory_started(workshop->memory, task->slot - 1, task->pid, task->index,
                   size_of(workshop, task->index), task->boot_us);
}

void memory_task_ended(const struct workshop *workshop, const struct task *task, int status,
                       const struct rusage *usage, struct memory_death *ret)
{
    memory_ended(workshop->memory, task->slot - 1, status, usage->ru_maxrss,
                 task->why && task->why != WHY_MEMORY, clock_boot_us(), ret);
}

void memory_failure(const struct memory_death *death, struct failure *ret)
{
    CLEANUP_STR struct str peak = {0};
    CLEANUP_STR struct str limit = {0};
    human_memory(&peak, death->peak_kb);
    human_memory(&limit, death->limit_kb);
    ret->code = ERR_MEMORY_LIMIT;
    const char *what = death->put_back ? _("put back for want of memory")
                       : death->end == MEMORY_END_AGAIN
                           ? _("killed for want of memory, runs again")
                           : _("out of memory");
    snprintf(ret->detail, sizeof ret->detail, _("%s: peak %s, limit %s (%s)"), what, peak.text,
             limit.text, death->by_each ? "--mem-each" : memory_by_words(death->by));
}
