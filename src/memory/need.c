// SPDX-License-Identifier: Apache-2.0
// need: a histogram of peaks for each power of two of sizes, in steps of a quarter of an octave.
#include "memory/need.h"

#include <stdlib.h>

#include "base/mem.h"

#define CLASSES 64
#define STEPS   160 // quarters of an octave above a KiB: up to a PiB
#define FEW     20  // tasks: below that all of them count

struct class
{
    uint32_t count;
    int64_t largest_kb;
    uint32_t *step; // STEPS of them once there is one
    int64_t guess_kb;
};
struct need {
    struct class class[CLASSES];
};

struct need *need_new(void)
{
    return mem_zero(1, sizeof(struct need));
}

void need_free(struct need *need)
{
    for (size_t i = 0; need && i < CLASSES; i++)
        free(need->class[i].step);
    free(need);
}

static unsigned log2_of(uint64_t value)
{
    return 63U - (unsigned)__builtin_clzll(value | 1);
}

static unsigned class_of(int64_t size)
{
    return size > 0 ? 1 + log2_of((uint64_t)size) : 0;
}

static unsigned step_of(int64_t kb)
{
    uint64_t value = kb > 4 ? (uint64_t)kb : 4;
    unsigned octave = log2_of(value);
    unsigned step = 4 * octave + (unsigned)(value >> (octave - 2) & 3);
    return step < STEPS ? step : STEPS - 1;
}

// The least above a step.
static int64_t step_end(unsigned step)
{
    return (int64_t)(5 + step % 4) << (step / 4 - 2);
}

int64_t need_with_room(int64_t peak_kb)
{
    return peak_kb + peak_kb / 4;
}

static int64_t usual(const struct class *class)
{
    if (class->count < FEW)
        return class->largest_kb;
    uint32_t above = class->count / 20;
    unsigned step = STEPS - 1;
    for (uint32_t seen = 0; step > 8; step--) {
        seen += class->step[step];
        if (seen > above)
            break;
    }
    int64_t end = step < STEPS - 1 ? step_end(step) : class->largest_kb;
    return end < class->largest_kb ? end : class->largest_kb;
}

void need_add(struct need *need, int64_t size, int64_t peak_kb)
{
    struct class *class = &need->class[class_of(size)];
    if (peak_kb <= 0)
        return;
    if (!class->step)
        class->step = mem_zero(STEPS, sizeof *class->step);
    class->step[step_of(peak_kb)]++;
    class->count++;
    if (peak_kb > class->largest_kb)
        class->largest_kb = peak_kb;
    class->guess_kb = need_with_room(usual(class));
}

int64_t need_guess(const struct need *need, int64_t size)
{
    unsigned own = class_of(size);
    for (unsigned i = own; i < CLASSES; i++)
        if (need->class[i].count)
            return need->class[i].guess_kb;
    for (unsigned i = own; i-- > 0;)
        if (need->class[i].count)
            return need->class[i].guess_kb;
    return 0;
}
