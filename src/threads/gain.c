// SPDX-License-Identifier: Apache-2.0
#include "threads/gain.h"

// Two tries of the same differ by as much on a quiet machine: below it fewer threads are as good.
#define ALIKE 1.05
// What is worth a word.
#define PAYS 1.15

static unsigned jobs_of(const struct gain_ask *ask, const struct gain_width *width,
                        enum gain_by *ret_by)
{
    unsigned jobs = ask->cores / width->threads;
    *ret_by = GAIN_BY_CORES;
    if (ask->memory_kb && width->peak_kb && ask->memory_kb / width->peak_kb < jobs) {
        jobs = (unsigned)(ask->memory_kb / width->peak_kb);
        *ret_by = GAIN_BY_MEMORY;
    }
    if (ask->datasets > 1 && ask->datasets < jobs) {
        jobs = (unsigned)ask->datasets;
        *ret_by = GAIN_BY_DATASETS;
    }
    return jobs ? jobs : 1;
}

// The time of all datasets, in rounds of `jobs`; of endlessly many, that of one.
static double time_of(const struct gain_ask *ask, const struct gain_width *width, unsigned jobs)
{
    double rounds =
        ask->datasets > 1 ? (double)((ask->datasets + jobs - 1) / jobs) : 1.0 / jobs;
    return rounds * (double)width->wall_us;
}

void gain_find(const struct gain_ask *ask, struct gain *ret)
{
    const struct gain_width *width = ask->width;
    double least = 0;
    *ret = (struct gain){.jobs = 1};
    for (size_t i = 0; i < ask->count; i++) {
        enum gain_by by;
        unsigned jobs = jobs_of(ask, &width[i], &by);
        double time = time_of(ask, &width[i], jobs);
        if (i && (double)width[i].wall_us * ALIKE < (double)width[ret->alone].wall_us)
            ret->alone = i;
        if (i && time * ALIKE >= least)
            continue;
        least = time;
        ret->many = i;
        ret->jobs = jobs;
        ret->by = by;
    }
    ret->speed = (double)width[0].wall_us /
                 (double)(width[ret->alone].wall_us > 0 ? width[ret->alone].wall_us : 1);
    ret->pays = ret->speed >= PAYS;
}
