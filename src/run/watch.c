// SPDX-License-Identifier: Apache-2.0
// watch: nothing of the run is touched, and nothing of it is asked: a run that hangs is seen as
// well as one that works.
#include "run/watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tree.h"

#define SAMPLE_US 1000000
#define CLAIMS_US 2000000

static int by_number(const void *a, const void *b)
{
    const struct parcel_look *left = a, *right = b;
    if (left->parcel != right->parcel)
        return left->parcel < right->parcel ? -1 : 1;
    return (left->restart > right->restart) - (left->restart < right->restart);
}

static int is_alive(void *context, unsigned parcel, unsigned restart)
{
    const struct watch *watch = context;
    const struct parcel_look key = {.parcel = parcel, .restart = restart};
    const struct parcel_look *claim = watch->claims ? bsearch(&key, watch->claim, watch->claims,
                                                              sizeof *watch->claim, by_number)
                                                    : NULL;
    if (claim)
        return claim->is_alive && !claim->is_fenced;
    return watch->saved->owner.state == OWNER_ALIVE;
}

// Who computes it: its owner each time; claims, a file each, less often than they change.
static int look_around(struct watch *watch)
{
    struct saved *saved = watch->saved;
    int64_t now = clock_boot_us();
    int alive = 0;
    owner_look(saved->folder.fd, &saved->owner);
    if (!watch->looked_us || now - watch->looked_us >= CLAIMS_US) {
        free(watch->claim);
        watch->claim = claims_list(saved->folder.fd, &watch->claims);
        watch->looked_us = now;
    }
    for (size_t i = 0; i < watch->claims && !alive; i++)
        alive = watch->claim[i].is_alive && !watch->claim[i].is_fenced;
    return alive || saved->owner.state == OWNER_ALIVE;
}

void watch_begin(struct watch *watch, struct saved *saved)
{
    *watch = (struct watch){.saved = saved, .cores_used = -1, .alive = {is_alive, watch}};
    watch->tail = journal_tail_new(saved->folder.fd);
}

void watch_end(struct watch *watch)
{
    journal_tail_free(watch->tail);
    free(watch->parcel);
    free(watch->claim);
}

static int64_t machine_kb(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024);
}

// The place of a parcel: where it is, or where it belongs.
static size_t parcel_at(const struct watch *watch, unsigned parcel)
{
    size_t low = 0, high = watch->parcels;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (watch->parcel[middle].parcel < parcel)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct watch_parcel *parcel_find(const struct watch *watch, unsigned parcel)
{
    size_t at = parcel_at(watch, parcel);
    return at < watch->parcels && watch->parcel[at].parcel == parcel ? &watch->parcel[at]
                                                                     : NULL;
}

static struct watch_parcel *parcel_new(struct watch *watch, unsigned parcel)
{
    size_t at = parcel_at(watch, parcel);
    mem_room(&watch->parcel, &watch->parcel_room, watch->parcels + 1, sizeof *watch->parcel);
    memmove(&watch->parcel[at + 1], &watch->parcel[at],
            (watch->parcels++ - at) * sizeof *watch->parcel);
    watch->parcel[at] = (struct watch_parcel){.parcel = parcel};
    return &watch->parcel[at];
}

// The parcel that a record's journal is the newest of, or NULL.
static struct watch_parcel *take_parcel(struct watch *watch, const struct record *record,
                                        unsigned parcel, unsigned restart)
{
    struct watch_parcel *at = parcel_find(watch, parcel);
    if (!at)
        at = parcel_new(watch, parcel);
    else if (restart < at->restart)
        return NULL;
    if (restart > at->restart)
        *at = (struct watch_parcel){.parcel = parcel};
    at->restart = restart;
    at->closed = record->kind == RECORD_CLOSE;
    return at;
}

static int take(void *context, const struct record *record, unsigned parcel, unsigned restart)
{
    struct watch *watch = context;
    struct state *state = &watch->saved->state;
    struct watch_parcel *at = take_parcel(watch, record, parcel, restart);
    if (record->kind == RECORD_OPEN && at) {
        at->start_us = record->wall_us;
        at->cores = record->cores;
        at->slots = record->slots;
        at->memory_kb = record->memory_kb;
    }
    state_take(state, record, parcel, restart);
    if (record->kind != RECORD_END)
        return 0;
    size_t index = keys_find(&state->by_key, record->key);
    if (record->state == TASK_DONE &&
        at) // without sizes: those of datasets to come are not known here
        fit_add(&at->fit, 0, (double)record->duration_us / 1e6);
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
    if (outcome->state != OUTCOME_BEGUN)
        return 0;
    const struct watch_parcel *parcel = parcel_find(watch, outcome->parcel);
    return parcel && parcel->alive && parcel->restart == outcome->restart;
}

// What the parcels that are alive have together; while there is none, what was asked.
static void add_parcels(struct watch *watch, struct progress *progress)
{
    const struct spec *spec = &watch->saved->spec;
    int limited = 1;
    size_t alive = 0;
    int64_t start_us = INT64_MAX;
    for (size_t i = 0; i < watch->parcels; i++) {
        struct watch_parcel *parcel = &watch->parcel[i];
        parcel->alive = !parcel->closed && watch->alive.call(watch->alive.context,
                                                             parcel->parcel, parcel->restart);
        if (!parcel->alive)
            continue;
        alive++;
        progress->cores += parcel->cores;
        progress->slots += parcel->slots;
        progress->memory_limit_kb += parcel->memory_kb;
        limited = limited && parcel->memory_kb > 0;
        start_us = parcel->start_us < start_us ? parcel->start_us : start_us;
    }
    // of one parcel the whole memory of a machine is no limit
    if (!limited || (alive == 1 && progress->memory_limit_kb >= machine_kb()))
        progress->memory_limit_kb = 0;
    if (!alive) {
        progress->cores = spec->cores;
        progress->slots = spec->slots;
    } else if (!watch->alive_before || start_us < watch->start_us) {
        watch->start_us = start_us; // not later when the parcel ends that began first
    }
    watch->alive_before = alive;
}

// How long a task takes: by those of the parcels that are alive; while none of theirs has
// ended, by all.
static double guess(const struct watch *watch)
{
    struct fit alive = {0}, all = {0};
    for (size_t i = 0; i < watch->parcels; i++) {
        const struct watch_parcel *parcel = &watch->parcel[i];
        fit_join(&all, &parcel->fit);
        if (parcel->alive)
            fit_join(&alive, &parcel->fit);
    }
    return fit_guess(alive.n > 0 ? &alive : &all, 0);
}

// What runs, and the time that is left: see gauge.c, which knows more.
static void find_running(const struct watch *watch, struct progress *progress)
{
    const struct state *state = &watch->saved->state;
    double mean = guess(watch);
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
    progress->left_us = mean < 0 ? -1 : ahead_us(&ahead, progress->slots ? progress->slots : 1);
}

int watch_look(struct watch *watch, struct progress *ret, struct err *err)
{
    struct saved *saved = watch->saved;
    const struct state *state = &saved->state;
    int alive = look_around(watch); // before the last look into the journals
    if (journal_tail_read(watch->tail, take, watch, err) < 0)
        return -1;
    sample(watch);
    *ret = (struct progress){
        .total = state->count,
        .done = state->done,
        .failed = state->failed,
        .stopped = state->stopped,
        .cores_used = watch->cores_used,
        .memory_kb = watch->resident_kb,
    };
    add_parcels(watch, ret);
    ret->elapsed_us = watch->start_us ? clock_wall_us() - watch->start_us : 0;
    find_running(watch, ret);
    return alive;
}
