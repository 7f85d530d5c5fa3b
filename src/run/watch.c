// SPDX-License-Identifier: Apache-2.0
// watch: nothing of the run is touched, and nothing of it is asked: a run that hangs is seen as
// well as one that works.
#include "run/watch.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tree.h"

#define SAMPLE_US 1000000

void watch_begin(struct watch *watch, struct saved *saved)
{
    *watch = (struct watch){.saved = saved, .cores_used = -1};
    watch->tail = journal_tail_new(saved->folder.fd, 0);
    watch->cores = saved->spec.cores;
    watch->slots = saved->spec.slots;
}

void watch_end(struct watch *watch)
{
    journal_tail_free(watch->tail);
}

static int64_t machine_kb(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024);
}

static int take(void *context, const struct record *record, unsigned parcel, unsigned restart)
{
    struct watch *watch = context;
    struct state *state = &watch->saved->state;
    watch->restart = restart;
    if (record->kind == RECORD_OPEN) {
        watch->fit = (struct fit){0};
        watch->start_us = record->wall_us;
        watch->cores = record->cores;
        watch->slots = record->slots;
        watch->limit_kb = record->memory_kb < machine_kb() ? record->memory_kb : 0;
    }
    state_take(state, record, parcel, restart);
    if (record->kind != RECORD_END)
        return 0;
    size_t index = keys_find(&state->by_key, record->key);
    if (record->state ==
        TASK_DONE) // without sizes: those of datasets to come are not known here
        fit_add(&watch->fit, 0, (double)record->duration_us / 1e6);
    if (index != KEYS_NONE && watch->ended.call)
        watch->ended.call(watch->ended.context, (uint32_t)index, record);
    return 0;
}

static void sample(struct watch *watch)
{
    const struct owner *owner = &watch->saved->owner;
    int64_t now = clock_boot_us();
    struct tree_use use = {0};
    if (owner->state != OWNER_ALIVE || !owner->here || now - watch->sample_us < SAMPLE_US)
        return;
    tree_measure((pid_t)owner->pid, &use);
    double cores =
        (double)(use.cpu_us - watch->sample_cpu_us) / (double)(now - watch->sample_us);
    watch->cores_used = watch->sample_us && cores > 0 ? cores : 0;
    watch->resident_kb = use.resident_kb;
    watch->sample_us = now;
    watch->sample_cpu_us = use.cpu_us;
}

int watch_runs(const struct watch *watch, size_t index)
{
    const struct outcome *outcome = &watch->saved->state.outcome[index];
    return outcome->state == OUTCOME_BEGUN && outcome->restart == watch->restart;
}

// What runs, and the time that is left: see gauge.c, which knows more.
static void find_running(const struct watch *watch, struct progress *progress)
{
    const struct state *state = &watch->saved->state;
    double mean = fit_guess(&watch->fit, 0);
    struct ahead ahead = {0};
    int64_t now = clock_wall_us();
    size_t count = 0;
    for (size_t i = 0; i < state->count; i++) {
        if (!watch_runs(watch, i))
            continue;
        progress->running++;
        int64_t since = now - state->outcome[i].start_us;
        ahead_add(&ahead, mean - (double)since / 1e6);
        progress_add_longest(progress, &count, watch->saved->datasets.item[i].text, since);
    }
    ahead.work +=
        mean * (double)(state->count - state->done - state->failed - progress->running);
    progress->left_us = mean < 0 ? -1 : ahead_us(&ahead, watch->slots ? watch->slots : 1);
}

int watch_look(struct watch *watch, struct progress *ret, struct err *err)
{
    struct saved *saved = watch->saved;
    const struct state *state = &saved->state;
    owner_look(saved->folder.fd, &saved->owner); // before the last look into the journal
    if (journal_tail_read(watch->tail, take, watch, err) < 0)
        return -1;
    sample(watch);
    *ret = (struct progress){
        .total = state->count,
        .done = state->done,
        .failed = state->failed,
        .stopped = state->stopped,
        .elapsed_us = clock_wall_us() - watch->start_us,
        .cores_used = watch->cores_used,
        .cores = watch->cores,
        .slots = watch->slots,
        .memory_kb = watch->resident_kb,
        .memory_limit_kb = watch->limit_kb,
    };
    find_running(watch, ret);
    return saved->owner.state == OWNER_ALIVE;
}
