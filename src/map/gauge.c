// SPDX-License-Identifier: Apache-2.0
// gauge: made when it is looked at; tasks are measured each second at most.
#include "map/gauge.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/tree.h"
#include "memory/memory.h"

#define SAMPLE_US 1000000

void gauge_begin(struct gauge *gauge, int64_t now)
{
    *gauge = (struct gauge){.begin_us = now, .sample_us = now};
}

static void sample(struct gauge *gauge, const struct workshop *workshop, int64_t now)
{
    struct tree_use use = {0};
    if (now - gauge->sample_us < SAMPLE_US)
        return;
    for (unsigned i = 0; i < workshop->run->spec->slots; i++)
        if (workshop->task[i].pid)
            tree_measure(workshop->task[i].pid, &use);
    int64_t cpu_us = use.cpu_us + workshop->cpu_us;
    double cores = (double)(cpu_us - gauge->sample_cpu_us) / (double)(now - gauge->sample_us);
    gauge->cores_used = cores > 0 ? cores : 0;
    gauge->memory_kb = memory_used_kb(workshop->memory);
    gauge->sample_us = now;
    gauge->sample_cpu_us = cpu_us;
}

void gauge_narrow(struct gauge *gauge, const struct workshop *workshop, int narrow)
{
    size_t empty = workshop->run->spec->slots - workshop->running;
    size_t waiting = queue_count(workshop->queue);
    if (!narrow && !gauge->narrow_slots)
        return;
    int64_t now = clock_boot_us();
    gauge->narrow_us += (int64_t)gauge->narrow_slots * (now - gauge->narrow_since_us);
    gauge->narrow_slots = !narrow ? 0 : empty < waiting ? empty : waiting;
    gauge->narrow_since_us = now;
}

static int64_t time_left(const struct workshop *workshop, int64_t now)
{
    const struct run *run = workshop->run;
    const struct fit *fit = &workshop->fit;
    size_t waiting = queue_count(workshop->queue);
    if (fit_guess(fit, 0) < 0)
        return -1;
    double bytes = queue_bytes(workshop->queue);
    struct ahead ahead = {0};
    if (waiting)
        ahead.work = (double)waiting * fit_guess(fit, bytes / (double)waiting);
    for (unsigned i = 0; i < run->spec->slots; i++) {
        const struct task *task = &workshop->task[i];
        if (!task->pid)
            continue;
        double size = (double)dataset_size(&run->datasets->item[task->index]);
        ahead_add(&ahead, fit_guess(fit, size) - (double)(now - task->boot_us) / 1e6);
    }
    return ahead_us(&ahead, run->spec->slots);
}

// The three tasks that have been running for longest.
static void find_longest(const struct workshop *workshop, struct progress *progress,
                         int64_t now)
{
    const struct run *run = workshop->run;
    size_t count = 0;
    for (unsigned i = 0; i < run->spec->slots; i++) {
        const struct task *task = &workshop->task[i];
        if (!task->pid)
            continue;
        progress_add_longest(progress, &count, run->datasets->item[task->index].text,
                             now - task->boot_us);
    }
}

void gauge_read(struct gauge *gauge, const struct workshop *workshop, int64_t now,
                struct progress *ret)
{
    const struct run *run = workshop->run;
    sample(gauge, workshop, now);
    *ret = (struct progress){
        .total = run->kept + workshop->given,
        .kept = run->kept,
        .done = run->kept + workshop->done,
        .failed = workshop->failed,
        .stopped = workshop->stopped,
        .running = workshop->running,
        .elapsed_us = now - gauge->begin_us,
        .left_us = time_left(workshop, now),
        .cores_used = gauge->cores_used,
        .cores = run->spec->cores,
        .slots = run->spec->slots,
        .memory_kb = gauge->memory_kb,
        .memory_limit_kb = run->memory.by == MEMORY_BY_MACHINE ? 0 : run->memory.kb,
    };
    find_longest(workshop, ret, now);
}
