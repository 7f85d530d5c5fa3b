// SPDX-License-Identifier: Apache-2.0
// verdict: limits that were measured on cases of each kind (1 to 8 processes of 1 to 8 threads on 2 cores, with
// and without a neighbour): demand was 1.0 where it fits and 2.0 or more where it does not.
#include "threads/verdict.h"

#include <string.h>

#include "base/mem.h"

#define OVER     1.5  // demand
#define OWN      1.1  // demand: what is above is more than rounding
#define SLOW     0.25 // delay
#define ONE_CORE 1.25 // cores' worth of one busy thread, with a little beside it
#define SOME     0.5  // of a core, of a thread
#define NOTHING  0.05 // of a core
#define MANY     2    // that wait for one lock: with who has it, three

static const char *const names[VERDICTS] = {
    [VERDICT_UNKNOWN] = "unknown",
    [VERDICT_HUNG] = "hung",
    [VERDICT_OVERSUBSCRIBED] = "oversubscribed",
    [VERDICT_NEIGHBOUR] = "neighbour",
    [VERDICT_QUEUE] = "queue",
    [VERDICT_DISK] = "disk",
    [VERDICT_ASLEEP] = "asleep",
    [VERDICT_SERIAL] = "serial",
    [VERDICT_FULL] = "full",
    [VERDICT_FINE] = "fine",
};

double verdict_demand(const struct verdict_facts *facts)
{
    return facts->cores > 0 ? (facts->run + facts->wait) / facts->cores : 0;
}

double verdict_delay(const struct verdict_facts *facts)
{
    double all = facts->run + facts->wait;
    return all > 0 ? facts->wait / all : 0;
}

enum verdict verdict_of(const struct verdict_facts *facts)
{
    double demand = verdict_demand(facts);
    double delay = verdict_delay(facts);
    if (facts->hung)
        return VERDICT_HUNG;
    if (!facts->measured)
        return VERDICT_UNKNOWN;
    if (delay > SLOW && demand > OVER)
        return VERDICT_OVERSUBSCRIBED;
    if (facts->callers >= MANY)
        return VERDICT_QUEUE;
    // Of a process that hardly asks for time the delay is of single wakes, and means nothing.
    if (delay > SLOW && demand <= OWN && facts->run + facts->wait > SOME)
        return VERDICT_NEIGHBOUR;
    if (facts->blocked >= SOME && facts->blocked > facts->run)
        return VERDICT_DISK;
    if (facts->run + facts->wait < SOME)
        return VERDICT_ASLEEP;
    if (delay > SLOW && demand > OWN)
        return VERDICT_FULL;
    if (facts->cores >= 2 && facts->run + facts->wait <= ONE_CORE)
        return VERDICT_SERIAL;
    return VERDICT_FINE;
}

enum cure verdict_cure(const struct verdict_facts *facts)
{
    if (facts->processes < 2)
        return CURE_NARROW;
    return facts->threads > facts->processes ? CURE_ONE_THREAD : CURE_FEWER;
}

const char *verdict_name(enum verdict verdict)
{
    return (unsigned)verdict < VERDICTS ? names[verdict] : names[VERDICT_UNKNOWN];
}

enum verdict verdict_named(const char *name)
{
    for (enum verdict i = 0; i < VERDICTS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return VERDICTS;
}
