// SPDX-License-Identifier: Apache-2.0
#include "sched/ceiling.h"

#include <limits.h>
#include <string.h>

#include "base/human.h"
#include "base/lang.h"

static unsigned long left_of(int64_t most, int64_t used)
{
    return most > used ? (unsigned long)(most - used) : 0;
}

static unsigned long at_least_1(unsigned long number)
{
    return number ? number : 1;
}

// Elements count from 1, and no index reaches MaxArraySize.
static void add_array(const struct ceiling_ask *ask, struct ceilings *into)
{
    unsigned long most = ask->config->array_size;
    unsigned long site = ask->site->array_size;
    if (most > 1)
        ceilings_add(into, most - 1, mem_print(_("MaxArraySize of this cluster: %lu"), most));
    if (site)
        ceilings_add(into, site, mem_print(_("array-size of the site: %lu"), site));
    most = ask->config->most_jobs;
    if (most)
        ceilings_add(into, most, mem_print(_("MaxJobCount of this cluster: %lu"), most));
}

static void add_queued(const struct ceiling_ask *ask, struct ceilings *into)
{
    int told = 0;
    for (size_t i = 0; i < ask->bounds->count; i++) {
        const struct bound *bound = &ask->bounds->item[i];
        if (bound->kind != BOUND_QUEUED)
            continue;
        told = 1;
        ceilings_add(into, left_of(bound->most, bound->used),
                     mem_print(_("%s may have %lld jobs that wait or run, and has %lld"),
                               bound->whose, (long long)bound->most, (long long)bound->used));
    }
    int64_t most = (int64_t)ask->site->max_queued;
    if (!most || told)
        return;
    int64_t used = ask->queued > 0 ? ask->queued : 0;
    ceilings_add(into, left_of(most, used),
                 mem_print(_("max-queued of the site: %lld, and %lld wait or run"),
                           (long long)most, (long long)used));
}

static unsigned long memory_fits(const struct limits_ask *job, const struct partition *at)
{
    int64_t kb =
        job->memory_kb ? job->memory_kb : job->core_kb * (int64_t)at_least_1(job->cores);
    return kb > 0 && at->memory_kb ? (unsigned long)(at->memory_kb / kb) : ULONG_MAX;
}

// How many of them all nodes of a partition hold. 0: not known, or none.
static unsigned long fits(const struct limits_ask *job, const struct partition *at)
{
    if (!at || !at->cpus || !at->nodes)
        return 0;
    unsigned long a_node = at->cpus / at_least_1(job->cores);
    unsigned long by_memory = memory_fits(job, at);
    unsigned long nodes = at_least_1(job->nodes);
    a_node = by_memory < a_node ? by_memory : a_node;
    // Nodes differ: what the largest holds is not what each does.
    unsigned long by_cpus = at->total_cpus / (at_least_1(job->cores) * nodes);
    unsigned long all = at->nodes * a_node / nodes;
    return by_cpus && by_cpus < all ? by_cpus : all;
}

static void add_partitions(const struct ceiling_ask *ask, struct ceilings *into)
{
    const char *name = ask->job->partition;
    CLEANUP_STRV struct strv names = {0};
    unsigned long all = 0;
    strv_split(&names, name ? name : "", ',');
    for (size_t i = 0; i < names.count; i++) {
        const struct partition *at =
            partitions_find(ask->partitions, name ? names.item[i] : NULL);
        unsigned long fit = fits(ask->job, at);
        if (!fit)
            return;
        all += fit;
        if (!name)
            name = at->name;
    }
    ceilings_add(into, all, mem_print(_("partition %s has room for %lu at once"), name, all));
}

static char *running_words(const struct bound *bound)
{
    CLEANUP_STR struct str memory = {0};
    unsigned long most = (unsigned long)bound->most;
    switch (bound->kind) {
    case BOUND_CPUS:
        return mem_print(
            lang_plural("%s may use %lu core at once", "%s may use %lu cores at once", most),
            bound->whose, most);
    case BOUND_NODES:
        return mem_print(
            lang_plural("%s may use %lu node at once", "%s may use %lu nodes at once", most),
            bound->whose, most);
    case BOUND_MEMORY:
        human_memory(&memory, bound->most);
        return mem_print(_("%s may use %s of memory at once"), bound->whose, memory.text);
    default: break;
    }
    return mem_print(
        lang_plural("%s may run %lu job at once", "%s may run %lu jobs at once", most),
        bound->whose, most);
}

static void add_running(const struct ceiling_ask *ask, struct ceilings *into)
{
    const struct limits_ask *job = ask->job;
    int64_t nodes = (int64_t)at_least_1(job->nodes);
    int64_t cores = (int64_t)at_least_1(job->cores) * nodes;
    const int64_t each[BOUND_KINDS] = {
        [BOUND_RUNNING] = 1,
        [BOUND_CPUS] = cores,
        [BOUND_MEMORY] = job->memory_kb ? job->memory_kb * nodes : job->core_kb * cores,
        [BOUND_NODES] = job->nodes ? nodes : 0, // else parcels may share one
    };
    for (size_t i = 0; i < ask->bounds->count; i++) {
        const struct bound *bound = &ask->bounds->item[i];
        if (each[bound->kind] > 0 && bound->most >= each[bound->kind])
            ceilings_add(into, (unsigned long)(bound->most / each[bound->kind]),
                         running_words(bound));
    }
}

void ceilings_of_cluster(const struct ceiling_ask *ask, struct ceilings *submitted,
                         struct ceilings *running)
{
    add_array(ask, submitted);
    add_queued(ask, submitted);
    add_partitions(ask, running);
    add_running(ask, running);
}
