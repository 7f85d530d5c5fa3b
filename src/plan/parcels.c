// SPDX-License-Identifier: Apache-2.0
#include "plan/parcels.h"

#include <limits.h>
#include <stdlib.h>

#include "base/human.h"
#include "base/lang.h"

#define SHORTEST_US                                                                            \
    600000000LL      // a job is half a second of Slurm's, and waits as long as a longer one
enum { WAVES = 8 };  // datasets a slot of which each may be long
enum { SPARE = 20 }; // a twentieth of a job's time is not planned with

void ceilings_add(struct ceilings *ceilings, unsigned long most, char *why)
{
    mem_room(&ceilings->item, &ceilings->room, ceilings->count + 1, sizeof *ceilings->item);
    ceilings->item[ceilings->count++] = (struct ceiling){.most = most, .why = why};
}

const struct ceiling *ceilings_least(const struct ceilings *ceilings)
{
    const struct ceiling *least = NULL;
    for (size_t i = 0; i < ceilings->count; i++)
        if (!least || ceilings->item[i].most < least->most)
            least = &ceilings->item[i];
    return least;
}

void ceilings_free(struct ceilings *ceilings)
{
    for (size_t i = 0; i < ceilings->count; i++)
        free(ceilings->item[i].why);
    free(ceilings->item);
    *ceilings = (struct ceilings){0};
}

void parcels_done(struct parcels *parcels)
{
    free(parcels->why);
    *parcels = (struct parcels){0};
}

static size_t share(size_t all, size_t each)
{
    return all / each + (all % each != 0);
}

// The least whole number whose square is not below it.
static size_t root(size_t number)
{
    size_t low = 0;
    size_t high = UINT_MAX;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (middle * middle < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t waves_of(const struct parcels_ask *ask)
{
    return share(ask->datasets, ask->slots);
}

// How many slots' worth of datasets fit into the time of a job, the last of which must end in it.
static size_t waves_in_time(const struct parcels_ask *ask)
{
    int64_t planned = ask->time_us - ask->time_us / SPARE;
    int64_t waves = ask->task_us ? planned / ask->task_us : 0;
    return waves > 0 ? (size_t)waves : 1;
}

static unsigned long needed(const struct parcels_ask *ask)
{
    if (!ask->task_us || !ask->time_us)
        return 0;
    return share(waves_of(ask), waves_in_time(ask));
}

static int is_short(const struct parcels_ask *ask, unsigned long count)
{
    if (!ask->least_us)
        return 0;
    // with nothing known, it is not for us to say that they are long
    return !ask->task_us ||
           share(waves_of(ask), count) < share((size_t)ask->least_us, (size_t)ask->task_us);
}

// Without any ceiling.
static unsigned long wanted(const struct parcels_ask *ask, char **ret_why)
{
    size_t waves = waves_of(ask);
    if (ask->task_us) {
        int64_t shortest = ask->least_us ? ask->least_us : SHORTEST_US;
        size_t count = waves / share((size_t)shortest, (size_t)ask->task_us);
        CLEANUP_STR struct str words = {0};
        human_duration(&words, shortest);
        *ret_why = count < waves ? mem_print(_("so that a job takes %s at least"), words.text)
                                 : mem_dup(_("a dataset for each slot"));
        return count ? count : 1;
    }
    if (waves <= WAVES) {
        *ret_why = mem_dup(_("a dataset for each slot"));
        return waves;
    }
    size_t count = root(waves * WAVES);
    *ret_why = mem_print(_("about %zu datasets a slot; how long one takes is not known"),
                         (waves + count / 2) / count);
    return count;
}

static int over_parcels(const struct parcels_ask *ask, const struct ceiling *least,
                        struct err *err)
{
    err_set(err, ERR_OVER_LIMIT, _("--parcels %lu is more than may be submitted: %lu"),
            ask->parcels, least->most);
    err_hint(err, "found", "%s", least->why);
    return err_hint(err, "try", "--parcels %lu", least->most);
}

static int over_chunk(const struct parcels_ask *ask, unsigned long count,
                      const struct ceiling *least, struct err *err)
{
    err_set(err, ERR_OVER_LIMIT,
            _("--chunk %zu makes %lu parcels, more than may be submitted: %lu"), ask->chunk,
            count, least->most);
    err_hint(err, "found", "%s", least->why);
    return err_hint(err, "try", "--chunk %zu", share(ask->datasets, least->most));
}

static int none_left(const struct ceiling *least, struct err *err)
{
    err_set(err, ERR_OVER_LIMIT, _("no job may be submitted now"));
    err_hint(err, "found", "%s", least->why);
    return err_hint(err, "try", _("when some of them are over: squeue --me"));
}

static void set(struct parcels *ret, unsigned long count, const char *why)
{
    free(ret->why);
    ret->count = count;
    ret->why = mem_dup(why);
}

// --parcels and --chunk: what is said is done, or refused.
static int plan_said(const struct parcels_ask *ask, const struct ceiling *least,
                     struct parcels *ret, struct err *err)
{
    size_t waves = waves_of(ask);
    if (ask->parcels && least && ask->parcels > least->most)
        return over_parcels(ask, least, err);
    if (ask->chunk) {
        size_t count = share(ask->datasets, ask->chunk);
        if (least && count > least->most)
            return over_chunk(ask, count, least, err);
        CLEANUP_FREE char *why = mem_print("--chunk %zu", ask->chunk);
        set(ret, count, why);
        ret->chunk = ask->chunk;
    } else {
        CLEANUP_FREE char *why = mem_print("--parcels %lu", ask->parcels);
        set(ret, ask->parcels, why);
        if (ask->parcels > waves)
            set(ret, waves, _("a dataset for each slot"));
        else if (ret->needed > ask->parcels)
            set(ret, ret->needed, _("the time of a job holds no more"));
        if (least && ret->count > least->most)
            set(ret, least->most, least->why);
    }
    if (ask->parcels && ask->parcels < ret->count)
        ret->at_once = ask->parcels;
    return 0;
}

static void plan_auto(const struct parcels_ask *ask, const struct ceiling *least,
                      struct parcels *ret)
{
    const struct ceiling *running = ceilings_least(&ask->running);
    ret->count = wanted(ask, &ret->why);
    if (running && ret->count > running->most)
        set(ret, running->most ? running->most : 1, running->why);
    if (ret->needed > ret->count)
        set(ret, ret->needed, _("the time of a job holds no more"));
    if (least && ret->count > least->most)
        set(ret, least->most, least->why);
}

int parcels_plan(const struct parcels_ask *ask, struct parcels *ret, struct err *err)
{
    const struct ceiling *least = ceilings_least(&ask->submitted);
    *ret = (struct parcels){.needed = needed(ask)};
    if (least && !least->most)
        return none_left(least, err);
    if (ask->parcels || ask->chunk) {
        if (plan_said(ask, least, ret, err) < 0)
            return -1;
    } else {
        plan_auto(ask, least, ret);
    }
    ret->is_short = is_short(ask, ret->count);
    return 0;
}
