// SPDX-License-Identifier: Apache-2.0
// progress: the fit behind the time left. Two sums more than a mean, and it knows that large
// datasets come first.
#include "run/progress.h"

#include "base/mem.h"

void fit_add(struct fit *fit, double size, double seconds)
{
    fit->n += 1;
    fit->size += size;
    fit->time += seconds;
    fit->size2 += size * size;
    fit->size_time += size * seconds;
}

void fit_join(struct fit *fit, const struct fit *other)
{
    fit->n += other->n;
    fit->size += other->size;
    fit->time += other->time;
    fit->size2 += other->size2;
    fit->size_time += other->size_time;
}

double fit_guess(const struct fit *fit, double size)
{
    if (fit->n < 1)
        return -1;
    double mean_size = fit->size / fit->n;
    double mean_time = fit->time / fit->n;
    double spread = fit->size2 / fit->n - mean_size * mean_size;
    double slope = 0;
    if (fit->n >= 4 && spread > 1e-6 * mean_size * mean_size)
        slope = (fit->size_time / fit->n - mean_size * mean_time) / spread;
    if (slope < 0)
        slope = 0; // larger datasets are not quicker: noise
    double start = mean_time - slope * mean_size;
    if (start < 0) { // nor does an empty one take less than no time: through the origin then
        start = 0;
        slope = mean_size > 0 ? mean_time / mean_size : 0;
    }
    return start + slope * size;
}

void ahead_add(struct ahead *ahead, double seconds)
{
    ahead->work += seconds > 0 ? seconds : 0;
    ahead->longest = seconds > ahead->longest ? seconds : ahead->longest;
}

int64_t ahead_us(const struct ahead *ahead, unsigned slots)
{
    double shared = ahead->work / slots;
    return (int64_t)((shared > ahead->longest ? shared : ahead->longest) * 1e6);
}

void progress_add_longest(struct progress *progress, size_t *count, const char *text,
                          int64_t since_us)
{
    size_t at = *count < COUNT(progress->longest) ? (*count)++ : *count;
    for (; at > 0 && progress->longest[at - 1].since_us < since_us; at--)
        if (at < COUNT(progress->longest))
            progress->longest[at] = progress->longest[at - 1];
    if (at < COUNT(progress->longest)) {
        progress->longest[at].text = text;
        progress->longest[at].since_us = since_us;
    }
}
