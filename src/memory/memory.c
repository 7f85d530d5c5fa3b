// SPDX-License-Identifier: Apache-2.0
// memory: looking and judging what is seen.
//
// A look each 250 ms, so that shorter tasks are never looked at; each 50 ms and less where the limit
// is near. Resident sets are cheap and count shared pages more than once, and files' pages, which the
// kernel can drop: where they have grown by a quarter, or a limit seems to be passed, what is a task's
// own is measured, and only that decides.
#include "memory/memory.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/space.h"
#include "memory/memory_state.h"

#define LOOK_US  250000
#define NEAR_US  50000
#define LEAST_US 15000
#define WALK_US  1000000  // for new processes
#define OWN_US   10000000 // pages stop being shared without a growth that shows
#define SMALL_KB 65536    // of a task: not measured but when it decides
#define ALONE_US 2000000
#define AHEAD    0.1  // seconds: until a task that is put back is gone
#define NEAR     0.80 // of a limit
#define FULL     0.95
#define MARGIN   0.03

static int64_t own_resident_kb(void)
{
    struct footprint own = {0};
    footprint_begin(&own, getpid());
    int64_t kb = footprint_resident(&own, 0);
    footprint_end(&own);
    return kb;
}

struct memory *memory_new(const struct memory_ask *ask)
{
    struct memory *memory = mem_zero(1, sizeof *memory);
    struct rusage usage;
    memory->ask = *ask;
    memory->shown = space_here() != 0;
    memory->gauge = memory_gauge_new(ask->root);
    memory->need = need_new();
    memory->task = mem_zero(ask->slots, sizeof *memory->task);
    memory->past = mem_zero(ask->datasets, sizeof *memory->past);
    memory->kills = memory_gauge_kills(memory->gauge);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        memory->base_kb = usage.ru_maxrss;
    memory->self_kb = own_resident_kb();
    return memory;
}

void memory_free(struct memory *memory)
{
    if (!memory)
        return;
    for (unsigned i = 0; i < memory->ask.slots; i++)
        footprint_end(&memory->task[i].footprint);
    memory_gauge_free(memory->gauge);
    need_free(memory->need);
    free(memory->task);
    free(memory->past);
    free(memory);
}

int64_t memory_used_kb(const struct memory *memory)
{
    return memory->sum_kb;
}

void memory_started(struct memory *memory, unsigned slot, pid_t pid, uint32_t index,
                    int64_t size, int64_t now_us)
{
    struct memory_task *task = &memory->task[slot];
    *task = (struct memory_task){.pid = pid,
                                 .index = index,
                                 .size = size,
                                 .begin_us = now_us,
                                 .company = memory->running > 0};
    for (unsigned i = 0; memory->running == 1 && i < memory->ask.slots; i++)
        memory->task[i].company = 1;
    memory->running++;
    memory->aside_kb = -1;
    memory->alone_us = memory->running == 1 ? now_us : 0;
}

static int has_begun(const struct memory_task *task, int64_t now_us)
{
    return task->pid && now_us - task->begin_us >= LOOK_US;
}

static void measure_own(struct memory_task *task, int64_t now_us)
{
    task->own_kb = footprint_own(&task->footprint);
    task->own_at_kb = task->resident_kb;
    task->own_us = now_us;
    if (task->resident_kb - task->own_kb > task->shared_kb)
        task->shared_kb = task->resident_kb - task->own_kb;
    task->use_kb = task->own_kb;
}

static void look_at(struct memory_task *task, int64_t now_us, int walk)
{
    if (!task->footprint.count) {
        footprint_begin(&task->footprint, task->pid);
        walk = 1;
    }
    task->resident_kb = footprint_resident(&task->footprint, walk);
    task->several |= task->footprint.count > 1;
    int64_t grown = task->resident_kb - task->own_at_kb;
    task->use_kb = task->own_us ? task->own_kb + grown : task->resident_kb;
    if (task->resident_kb >= SMALL_KB &&
        (grown > task->own_at_kb / 4 || now_us - task->own_us > OWN_US))
        measure_own(task, now_us);
    if (task->use_kb < 0)
        task->use_kb = 0;
    if (task->use_kb > task->peak_kb)
        task->peak_kb = task->use_kb;
}

static void look(struct memory *memory, int64_t now_us)
{
    int walk = now_us >= memory->walk_us;
    struct memory_use before = memory->use;
    int64_t sum_before_kb = memory->sum_kb;
    memory->sum_kb = 0;
    for (unsigned i = 0; i < memory->ask.slots; i++) {
        struct memory_task *task = &memory->task[i];
        if (memory->shown && has_begun(task, now_us))
            look_at(task, now_us, walk);
        memory->sum_kb += task->pid ? task->use_kb : 0;
    }
    memory_gauge_read(memory->gauge, &memory->use);
    int64_t passed = now_us - memory->look_us;
    memory->rate_kb = memory->sum_rate_kb = 0;
    if (memory->look_us && passed > 0) {
        memory->sum_rate_kb = (memory->sum_kb - sum_before_kb) * 1000000 / passed;
        if (memory->use.limit_kb == before.limit_kb)
            memory->rate_kb = (memory->use.used_kb - before.used_kb) * 1000000 / passed;
    }
    memory->others_kb = memory->use.used_kb - memory->sum_kb;
    if (memory->others_kb < 0)
        memory->others_kb = 0;
    if (walk)
        memory->walk_us = now_us + WALK_US;
    memory->look_us = now_us;
    if (memory->alone_us && now_us - memory->alone_us > ALONE_US)
        for (unsigned i = 0; i < memory->ask.slots; i++)
            memory->task[i].company = 0;
    memory->aside_kb = -1;
}

// The newest of those that have at least half of what the largest has.
static struct memory_task *newest_large(struct memory *memory)
{
    int64_t most = 0;
    struct memory_task *found = NULL;
    for (unsigned i = 0; i < memory->ask.slots; i++)
        if (memory->task[i].pid && memory->task[i].use_kb > most)
            most = memory->task[i].use_kb;
    for (unsigned i = 0; i < memory->ask.slots; i++) {
        struct memory_task *task = &memory->task[i];
        if (task->pid && task->use_kb > 0 && task->use_kb >= most / 2 &&
            (!found || task->begin_us > found->begin_us))
            found = task;
    }
    return found;
}

// Slurm's number, to which no control group holds a job: the one that we are in, if any, is wider.
static int is_polled(const struct memory *memory)
{
    return memory->ask.limit.by == MEMORY_BY_SLURM &&
           (!memory->use.limit_kb || memory->use.limit_kb > memory->ask.limit.kb);
}

// What tasks may have. Slurm without control groups looks at a job now and then, this process
// included, and ends all of it: what is too much must be seen here before.
static double limit_of_tasks(const struct memory *memory)
{
    double limit = (double)memory->ask.limit.kb;
    if (!is_polled(memory))
        return limit;
    return (limit - (double)memory->self_kb) * (1 - MARGIN);
}

// Is the control group about to be full? What is there is the kernel's own count, what comes until a
// task is gone follows from how it grows.
static int group_is_full(const struct memory *memory)
{
    double limit = (double)memory->use.limit_kb;
    double used = (double)memory->use.used_kb;
    double ahead = memory->rate_kb > 0 ? (double)memory->rate_kb * AHEAD : 0;
    if (limit <= 0 || used < limit * NEAR)
        return 0;
    return used + ahead > limit * (1 - MARGIN);
}

// As Slurm counts: pages of files too. But of a task with several processes, where shared pages would count
// more than once, what is its own: Slurm may not end what it sees (JobAcctGatherParams).
static double resident_sum(const struct memory *memory)
{
    int64_t sum_kb = 0;
    for (unsigned i = 0; i < memory->ask.slots; i++) {
        const struct memory_task *task = &memory->task[i];
        if (task->pid)
            sum_kb += task->several ? task->use_kb : task->resident_kb;
    }
    return (double)sum_kb;
}

// The same by the sum of what tasks have: for --mem and Slurm's number, that no group may impose.
static int sum_is_over(struct memory *memory, double limit, int64_t now_us)
{
    if (is_polled(memory) && resident_sum(memory) > limit)
        return 1;
    if ((double)memory->sum_kb <= limit)
        return 0;
    memory->sum_kb = 0;
    for (unsigned i = 0; i < memory->ask.slots; i++) {
        struct memory_task *task = &memory->task[i];
        if (has_begun(task, now_us) && task->own_us != now_us)
            measure_own(task, now_us);
        memory->sum_kb += task->pid ? task->use_kb : 0;
    }
    return (double)memory->sum_kb > limit;
}

static struct memory_task *above_each(struct memory *memory, int64_t now_us)
{
    for (unsigned i = 0; memory->ask.each_kb && i < memory->ask.slots; i++) {
        struct memory_task *task = &memory->task[i];
        if (!task->pid || task->verdict || task->use_kb <= memory->ask.each_kb)
            continue;
        if (task->own_us != now_us)
            measure_own(task, now_us);
        if (task->use_kb > memory->ask.each_kb)
            return task;
    }
    return NULL;
}

static int is_ending(const struct memory *memory)
{
    for (unsigned i = 0; i < memory->ask.slots; i++)
        if (memory->task[i].pid && memory->task[i].verdict)
            return 1;
    return 0;
}

// The task to be ended, with its verdict, or NULL.
static struct memory_task *judge(struct memory *memory, int64_t now_us)
{
    double limit = limit_of_tasks(memory);
    struct memory_task *task = memory_count_kills(memory, now_us);
    if (task) {
        task->verdict = MEMORY_PUT_BACK;
        return task;
    }
    task = above_each(memory, now_us);
    if (task) {
        task->verdict = MEMORY_OVER;
        task->by_each = 1;
        return task;
    }
    if (limit <= 0 || !memory->running ||
        is_ending(memory)) // what that gives back is not there yet
        return NULL;
    int imposed = memory->ask.limit.by != MEMORY_BY_CGROUP || !memory->use.limit_kb;
    if (memory->running == 1) {
        if (!imposed || !sum_is_over(memory, limit, now_us))
            return NULL; // the kernel says when its own limit is met
        task = newest_large(memory);
        if (task)
            task->verdict = MEMORY_OVER;
        return task;
    }
    if (!group_is_full(memory) && !(imposed && sum_is_over(memory, limit * FULL, now_us)))
        return NULL;
    task = newest_large(memory);
    if (task)
        task->verdict = MEMORY_PUT_BACK;
    return task;
}

// A quarter of the time in which nothing would be left, if it is less than `wait`.
static double before_full(double left, int64_t rate_kb, double wait)
{
    double quarter = rate_kb > 0 ? left / (double)rate_kb * 250000 : wait;
    return quarter < wait ? quarter : wait;
}

static int64_t next_look(const struct memory *memory)
{
    double limit = limit_of_tasks(memory);
    double use = limit > 0 ? (double)memory->sum_kb / limit : 0;
    double wait = LOOK_US;
    if (memory->use.limit_kb &&
        (double)memory->use.used_kb > NEAR * (double)memory->use.limit_kb)
        use = 1;
    if (use > NEAR)
        wait = NEAR_US;
    if (memory->use.limit_kb)
        wait = before_full((double)(memory->use.limit_kb - memory->use.used_kb),
                           memory->rate_kb, wait);
    if (limit > 0 && (!memory->use.limit_kb || is_polled(memory)))
        wait = before_full(limit - (double)memory->sum_kb, memory->sum_rate_kb, wait);
    return wait < LEAST_US ? LEAST_US : (int64_t)wait;
}

int64_t memory_look(struct memory *memory, int64_t now_us, enum memory_verdict *ret,
                    unsigned *ret_slot)
{
    *ret = MEMORY_FINE;
    if (now_us < memory->due_us)
        return memory->due_us;
    look(memory, now_us);
    const struct memory_task *task = judge(memory, now_us);
    if (task) {
        *ret = task->verdict;
        *ret_slot = (unsigned)(task - memory->task);
    }
    memory->due_us = now_us + next_look(memory);
    return memory->due_us;
}
