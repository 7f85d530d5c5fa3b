// SPDX-License-Identifier: Apache-2.0
#include "cli/shape.h"

#include <stdlib.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/fitness.h"
#include "cli/say.h"
#include "cli/submit_hold.h"
#include "cli/where.h"
#include "plan/chunks.h"

// Of a run that goes on: what a dataset took, on average. 0: none is done.
static int64_t known_time(const struct begin *begin)
{
    const struct state *state = begin->state;
    double all = 0;
    size_t count = 0;
    for (size_t i = 0; state && i < state->count; i++) {
        const struct outcome *item = &state->outcome[i];
        if (item->state != OUTCOME_DONE || item->duration_us <= 0)
            continue;
        all += (double)item->duration_us;
        count++;
    }
    return count ? (int64_t)(all / (double)count) : 0;
}

// NULL: nothing is known of them. Yours.
static uint64_t *sizes_of(const struct begin *begin, const struct round *round)
{
    uint64_t *size = mem_zero(round->count + 1, sizeof *size);
    uint64_t any = 0;
    for (size_t i = 0; i < round->count; i++) {
        size[i] = (uint64_t)dataset_size(&begin->datasets->item[round->order[i]]);
        any |= size[i];
    }
    if (!any)
        free(TAKE(size));
    return size;
}

// Each node of a job has an agent that claims.
static void cut(const struct begin *begin, struct round *round, const struct parcels *parcels,
                unsigned long nodes)
{
    struct chunks chunks = {0};
    uint64_t *size = sizes_of(begin, round);
    const struct chunks_ask ask = {.datasets = round->count,
                                   .size = size,
                                   .parcels = parcels->count * nodes,
                                   .slots = begin->spec->slots,
                                   .most = parcels->chunk};
    chunks_cut(&ask, &chunks);
    round->chunk = mem_zero(chunks.count + 1, sizeof *round->chunk);
    for (size_t i = 0; i < chunks.count; i++) {
        size_t first = i ? chunks.end[i - 1] : 0;
        round->chunk[i] = (struct chunk){.first = (uint32_t)first,
                                         .count = (uint32_t)(chunks.end[i] - first)};
    }
    round->chunks = chunks.count;
    chunks_free(&chunks);
    free(size);
}

static int check(const struct begin *begin, struct cluster *cluster, struct err *err)
{
    CLEANUP_STRV struct strv names = {0};
    if (cluster_check(begin->cli, cluster, err) < 0)
        return -1;
    cluster_partitions(cluster, &names);
    return begin->setting.python.path
               ? fitness_partitions(begin->cli, &begin->setting.python, &names, err)
               : 0;
}

// What the site and the partition allow.
static int ask(const struct begin *begin, struct cluster *cluster, struct err *err)
{
    const struct options *options = &begin->cli->options;
    cluster_ask(begin->cli, &begin->spec->slurm, 0, cluster);
    if (!options->dry_run && cluster_answers(cluster, err) < 0)
        return -1;
    if (!cluster->job.cores) {
        cluster->job.cores = begin->spec->cores;
        cluster->job.cores_option = options->threads ? "-T" : "-j"; // what they come of
    }
    return check(begin, cluster, err);
}

int shape_round(const struct begin *begin, struct round *round, struct shape *ret,
                struct err *err)
{
    const struct spec *spec = begin->spec;
    struct cluster *cluster = &ret->cluster;
    int is_there = submit_hold_is_inside(begin->cli);
    if (is_there)
        cluster->job.nodes = where_number(begin->cli, "SLURM_NNODES", 1);
    else if (ask(begin, cluster, err) < 0)
        return -1;
    unsigned long nodes = cluster->job.nodes ? cluster->job.nodes : 1;
    struct parcels_ask wanted = {.datasets = round->count,
                                 .slots = spec->slots * (unsigned)nodes,
                                 .chunk = spec->chunk,
                                 .parcels = spec->parcels,
                                 .task_us = known_time(begin),
                                 .time_us = limits_time(&cluster->job, &cluster->partitions),
                                 .least_us = cluster_site(begin->cli)->least_us};
    if (is_there)
        wanted.parcels = (unsigned)where_number(begin->cli, "SLURM_ARRAY_TASK_COUNT", 1);
    else
        cluster_ceilings(begin->cli, cluster, &wanted);
    int status = parcels_plan(&wanted, &ret->parcels, err);
    ceilings_free(&wanted.submitted);
    ceilings_free(&wanted.running);
    if (status == 0)
        cut(begin, round, &ret->parcels, nodes);
    return status;
}

void shape_free(struct shape *shape)
{
    cluster_free(&shape->cluster);
    parcels_done(&shape->parcels);
}

void shape_say(const struct begin *begin, const struct shape *shape, int advice)
{
    const struct parcels *parcels = &shape->parcels;
    CLEANUP_STR struct str text = {0};
    CLEANUP_STRV struct strv lines = {0};
    str_print(&text, lang_plural("%lu parcel", "%lu parcels", parcels->count), parcels->count);
    if (parcels->at_once)
        str_print(&text, _(", %lu at once"), parcels->at_once);
    str_print(&text, " (%s)", parcels->why);
    say_label(begin->cli, _("plan"), "%s", text.text);
    if (parcels->needed > parcels->count)
        say_label(
            begin->cli, "",
            _("their time holds not all: %lu would be needed; the rest is for later jobs"),
            parcels->needed);
    if (advice)
        cluster_advise(begin->cli, &shape->cluster, parcels, &lines);
    for (size_t i = 0; i < lines.count; i++)
        say_label(begin->cli, "", "%s", lines.item[i]);
}
