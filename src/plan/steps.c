// SPDX-License-Identifier: Apache-2.0
#include "plan/steps.h"

// Of a step: what is at most so far above it might have been asked for with less.
enum { NEAR = 4 };

int steps_place(const int64_t *step, size_t count, int64_t time_us, struct step_place *ret)
{
    *ret = (struct step_place){0};
    if (!count || time_us <= 0)
        return 0;
    size_t i = 0;
    while (i < count && step[i] < time_us)
        i++;
    ret->step_us = i < count ? step[i] : 0;
    ret->is_full = i < count && step[i] == time_us;
    if (i && !ret->is_full && time_us - step[i - 1] <= step[i - 1] / NEAR)
        ret->below_us = step[i - 1];
    return 1;
}
