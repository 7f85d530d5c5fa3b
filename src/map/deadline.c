// SPDX-License-Identifier: Apache-2.0
// deadline: everything is over at the end itself, so that whoever gave the time (a person, a
// job that holds us) need not kill: SIGTERM comes 10 s before, or earlier where --signal says
// so.
#include "map/deadline.h"

#include <signal.h>

#include "run/limits.h"

#define TERM_US INT64_C(10000000)

void deadline_set(struct deadline *deadline, const struct spec *spec, int64_t begin_us)
{
    struct limit_signal signal;
    *deadline = (struct deadline){0};
    if (!spec->time_us || limit_signal_read(spec->signal, spec->time_us, &signal, NULL) < 0)
        return;
    int64_t term_us = spec->time_us / 10 < TERM_US ? spec->time_us / 10 : TERM_US;
    if ((signal.number == SIGTERM && !signal.first) || term_us > signal.before_us)
        term_us = signal.before_us;
    deadline->end_us = begin_us + spec->time_us;
    deadline->warn_us = deadline->end_us - signal.before_us;
    deadline->term_us = deadline->end_us - term_us;
    deadline->number = signal.number;
    deadline->first_only = signal.first;
    if (deadline->warn_us == deadline->term_us) // SIGTERM is the warning
        deadline->reached = DEADLINE_WARN;
}

enum deadline_step deadline_next(struct deadline *deadline, int64_t now, int64_t *ret_due)
{
    const int64_t when[] = {
        [DEADLINE_WARN] = deadline->warn_us,
        [DEADLINE_TERM] = deadline->term_us,
        [DEADLINE_KILL] = deadline->end_us,
    };
    enum deadline_step step = DEADLINE_NONE;
    *ret_due = INT64_MAX;
    if (!deadline->end_us || deadline->reached == DEADLINE_KILL)
        return DEADLINE_NONE;
    if (now >= when[deadline->reached + 1])
        step = ++deadline->reached;
    if (deadline->reached < DEADLINE_KILL)
        *ret_due = when[deadline->reached + 1];
    return step;
}

int deadline_leaves(const struct deadline *deadline, int64_t now, double seconds)
{
    return !deadline->end_us || (double)(deadline->warn_us - now) / 1e6 >= seconds;
}
