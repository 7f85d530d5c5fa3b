// SPDX-License-Identifier: Apache-2.0
// parcel: jobs x threads <= cores, or an error: what would be a slow run is none.
#include "cli/parcel.h"

#include <stdlib.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/size.h"
#include "cli/reserve.h"

static const char *limit_words(enum allot_limit limit)
{
    switch (limit) {
    case ALLOT_AFFINITY: return _("this process's affinity");
    case ALLOT_QUOTA: return _("the container's quota");
    case ALLOT_SLURM: return _("the Slurm job");
    case ALLOT_BUSY: return _("the others are in use by other runs");
    case ALLOT_MACHINE: break;
    }
    return _("this machine");
}

void parcel_add(struct str *text, const struct parcel *parcel)
{
    str_print(text, lang_plural("%u core", "%u cores", parcel->cores), parcel->cores);
    if (parcel->allot.limit != ALLOT_MACHINE)
        str_print(text, _(" of %zu (%s)"), parcel->allot.machine_cores,
                  limit_words(parcel->allot.limit));
    if (parcel->memory.by == MEMORY_BY_MACHINE)
        return;
    CLEANUP_STR struct str memory = {0};
    human_memory(&memory, parcel->memory.kb);
    str_print(text, _(", %s of memory (%s)"), memory.text, memory_by_words(parcel->memory.by));
}

static int over_limit(unsigned asked, const struct allot *allot, struct err *err)
{
    err_set(err, ERR_OVER_LIMIT,
            lang_plural("%u cores asked for, %zu is there", "%u cores asked for, %zu are there",
                        allot->cores),
            asked, allot->cores);
    err_hint(err, "found", lang_plural("%zu core: %s", "%zu cores: %s", allot->cores),
             allot->cores, limit_words(allot->limit));
    return err_hint(err, "try", "-c %zu", allot->cores);
}

static int over_memory(int64_t asked_kb, const char *option, unsigned divisor,
                       const struct memory_limit *limit, struct err *err)
{
    CLEANUP_STR struct str asked = {0};
    CLEANUP_STR struct str there = {0};
    CLEANUP_STR struct str fits = {0};
    human_memory(&asked, asked_kb);
    human_memory(&there, limit->kb);
    size_add(&fits, limit->kb / divisor / 1024 * 1024);
    err_set(err, ERR_OVER_LIMIT, _("%s of memory asked for, %s is there"), asked.text,
            there.text);
    err_hint(err, "found", _("%s: %s"), there.text, memory_by_words(limit->by));
    return err_hint(err, "try", "%s %s", option, fits.text);
}

static int limit_memory(const struct parcel_ask *ask, const struct machine_source *source,
                        struct parcel *parcel, struct err *err)
{
    struct memory_limit *limit = &parcel->memory;
    memory_limit_read(source, limit);
    int64_t asked = ask->memory_kb ? ask->memory_kb : ask->core_kb * parcel->cores;
    if (limit->kb && asked > limit->kb)
        return over_memory(asked, ask->memory_kb ? "--mem" : "--mem-per-cpu",
                           ask->memory_kb ? 1 : parcel->cores, limit, err);
    if (asked && asked != limit->kb)
        *limit = (struct memory_limit){.kb = asked, .by = MEMORY_BY_ASKED};
    if (limit->kb && ask->each_kb > limit->kb)
        return over_memory(ask->each_kb, "--mem-each", 1, limit, err);
    return 0;
}

static int oversubscribed(unsigned jobs, unsigned threads, unsigned cores, struct err *err)
{
    err_set(err, ERR_OVERSUBSCRIBED, _("-j %u times -T %u are %u cores, and the run has %u"),
            jobs, threads, jobs * threads, cores);
    if (threads > cores)
        return err_hint(err, "try", "-T %u", cores);
    return err_hint(err, "try", _("-j %u, or -T %u"), cores / threads,
                    cores / jobs ? cores / jobs : 1);
}

// How many cores are held, and how they are cut.
static int divide(const struct parcel_ask *ask, struct parcel *ret, struct err *err)
{
    unsigned available = (unsigned)ret->allot.cores;
    if (ask->cores > available)
        return over_limit(ask->cores, &ret->allot, err);
    unsigned cores = ask->cores ? ask->cores : available;
    unsigned threads = ask->threads ? ask->threads : ask->whole ? cores : 1;
    unsigned jobs = ask->jobs ? ask->jobs : ask->whole ? 1 : cores / threads;
    if (!jobs || (size_t)jobs * threads > cores)
        return oversubscribed(jobs ? jobs : 1, threads, cores, err);
    if (jobs > ask->tasks)
        jobs = ask->tasks ? (unsigned)ask->tasks : 1;
    ret->cores = ask->cores ? cores : jobs * threads; // not said: no more than it can use
    ret->slots = jobs;
    ret->threads = threads;
    return 0;
}

// The cores without which it cannot begin.
static size_t least_cores(const struct parcel_ask *ask, const struct parcel *parcel)
{
    if (ask->cores || ask->jobs)
        return parcel->cores;
    return ask->whole ? 1 : parcel->threads;
}

// Cores that are free, in place of all that are there.
static int hold(const struct parcel_ask *ask, const struct cli *cli,
                const struct machine_source *source, struct parcel *ret, struct err *err)
{
    struct reserve reserve;
    reserve_open(&reserve, cli);
    size_t least = least_cores(ask, ret);
    int held = !reserve_is_open(&reserve);
    while (!held) {
        allot_free(&ret->allot);
        if (reserve_read(&reserve, source, least, &ret->allot, err) < 0 ||
            divide(ask, ret, err) < 0)
            break;
        allot_keep(&ret->allot, ret->cores);
        held = reserve_take(&reserve, &ret->allot);
    }
    ret->ledger = reserve.ledger;
    ret->level = reserve.level + 1;
    return held ? 0 : -1;
}

int parcel_read(const struct parcel_ask *ask, const struct cli *cli, struct parcel *ret,
                struct err *err)
{
    const struct machine_source source = {.root = "", .vars = &cli->vars};
    *ret = (struct parcel){0};
    if (allot_read(&source, &ret->allot, err) < 0 || divide(ask, ret, err) < 0 ||
        limit_memory(ask, &source, ret, err) < 0)
        return -1;
    if (!ask->look && hold(ask, cli, &source, ret, err) < 0)
        return -1;
    if (limit_memory(ask, &source, ret, err) < 0) // with the cores that came of it
        return -1;
    ret->slot = mem_zero(ret->slots, sizeof *ret->slot);
    return allot_cut(&ret->allot, ret->slots, ret->threads, ret->slot, err);
}

void parcel_free(struct parcel *parcel)
{
    ledger_close(&parcel->ledger);
    allot_free(&parcel->allot);
    free(parcel->slot);
    *parcel = (struct parcel){0};
}

unsigned parcel_cpus(const struct cli *cli)
{
    const struct machine_source machine = {.root = "", .vars = &cli->vars};
    struct allot allot = {0};
    unsigned cores = allot_read(&machine, &allot, NULL) == 0 && allot.cores
                         ? (unsigned)allot_cpus(&allot)
                         : 1;
    allot_free(&allot);
    return cli->options.cores && cli->options.cores < cores ? cli->options.cores : cores;
}
