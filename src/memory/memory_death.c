// SPDX-License-Identifier: Apache-2.0
// memory_death: was it memory? SIGKILL that nobody of us sent is, if the kernel counted a kill, or if
// what was seen last was near a limit. A shell says 137 of what it ran; a program whose worker was
// killed may end with any status.
//
// A dataset that died beside others runs again with 1.25 times its peak set aside, after a second death
// with --mem-retry times, then alone. One that died alone has nothing more to hope for.
#include <signal.h>
#include <sys/wait.h>

#include "memory/memory_state.h"

#define NEAR 0.80

static int is_killed(int status)
{
    return WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
                               : WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL;
}

static int was_near(const struct memory *memory, const struct memory_task *task,
                    int64_t peak_kb)
{
    double limit = (double)memory->ask.limit.kb;
    if (limit > 0 && (double)(peak_kb + memory->others_kb) > NEAR * limit)
        return 1;
    return task->resident_kb && memory->use.limit_kb &&
           (double)memory->use.used_kb > NEAR * (double)memory->use.limit_kb;
}

static int of_memory(struct memory *memory, const struct memory_task *task, int status,
                     int64_t peak_kb)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (task->hurt)
        return 1;
    int counted = memory_gauge_kills(memory->gauge) > memory->kills;
    if (counted && (is_killed(status) || task->several)) {
        memory->kills++;
        return 1;
    }
    return WIFSIGNALED(status) && is_killed(status) && was_near(memory, task, peak_kb);
}

// What the kernel counted is of the largest process, and not less than what this process had when it
// started the task.
static int64_t peak_of(const struct memory *memory, const struct memory_task *task,
                       int64_t maxrss_kb)
{
    int64_t counted = maxrss_kb > memory->base_kb + memory->base_kb / 8 ? maxrss_kb : 0;
    counted -= counted ? task->shared_kb : 0;
    return counted > task->peak_kb ? counted : task->peak_kb;
}

static void take_back(struct memory *memory, const struct memory_task *task, int died,
                      struct memory_death *ret)
{
    struct memory_past *past = &memory->past[task->index];
    if (ret->peak_kb > past->peak_kb)
        past->peak_kb = ret->peak_kb;
    past->deaths += died != 0;
    ret->put_back = !died;
    ret->end = MEMORY_END_AGAIN;
    if (died && (memory->ask.retry <= 0 || !task->company))
        ret->end = MEMORY_END_FAILED;
    if (memory->running) // those beside it go on, and no other takes its place
        memory->ceiling = memory->running;
}

static void judge(struct memory *memory, const struct memory_task *task, int status, int ours,
                  struct memory_death *ret)
{
    int ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (task->verdict == MEMORY_PUT_BACK && !ended_well) {
        take_back(memory, task, task->hurt, ret);
    } else if (task->verdict == MEMORY_OVER && !ended_well) {
        ret->end = MEMORY_END_FAILED;
        ret->by_each = task->by_each;
        ret->limit_kb = task->by_each ? memory->ask.each_kb : ret->limit_kb;
    } else if (!ours && of_memory(memory, task, status, ret->peak_kb)) {
        take_back(memory, task, 1, ret);
    } else if (!ours) {
        need_add(memory->need, task->size, ret->peak_kb);
    }
    if (!ret->put_back && ret->end != MEMORY_END_AGAIN)
        memory->ceiling = 0;
}

void memory_ended(struct memory *memory, unsigned slot, int status, int64_t maxrss_kb, int ours,
                  int64_t now_us, struct memory_death *ret)
{
    struct memory_task *task = &memory->task[slot];
    *ret = (struct memory_death){.end = MEMORY_END_OTHER,
                                 .peak_kb = peak_of(memory, task, maxrss_kb),
                                 .limit_kb = memory->ask.limit.kb,
                                 .by = memory->ask.limit.by};
    memory->running--;
    memory->aside_kb = -1;
    memory->alone_us = memory->running == 1 ? now_us : 0;
    judge(memory, task, status, ours, ret);
    footprint_end(&task->footprint);
    memory->sum_kb -= task->use_kb;
    memory->use.used_kb -=
        task->use_kb < memory->use.used_kb ? task->use_kb : memory->use.used_kb;
    *task = (struct memory_task){0};
}
