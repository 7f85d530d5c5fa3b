// SPDX-License-Identifier: Apache-2.0
#include "plan/cost.h"

#include "base/lang.h"
#include "base/mem.h"

#define HOUR_US 3.6e9

void cost_count(const struct cost_ask *ask, struct cost *ret)
{
    double cores = (double)ask->cores;
    double by_memory = ask->core_kb ? (double)ask->memory_kb / (double)ask->core_kb : 0;
    double time = (double)ask->time_us * (double)ask->jobs;
    ret->used = cores * time;
    ret->billed = (by_memory > cores ? by_memory : cores) * time;
}

// A bound needs no more digits.
static void add_hours(struct str *into, double us)
{
    double hours = us / HOUR_US;
    str_print(into, "%.*f", hours < 10 && hours > 0 ? 1 : 0, hours);
}

void cost_add(struct str *into, const struct cost *cost)
{
    CLEANUP_STR struct str used = {0};
    CLEANUP_STR struct str billed = {0};
    add_hours(&used, cost->used);
    add_hours(&billed, cost->billed);
    if (cost->billed > cost->used)
        str_print(into, _("at most %s core-hours, billed as %s for their memory"), used.text,
                  billed.text);
    else
        str_print(into, _("at most %s core-hours"), used.text);
}
