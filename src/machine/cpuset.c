// SPDX-License-Identifier: Apache-2.0
// cpuset: sets of logical CPUs as bits, and the kernel's list format.
//
// The format is that of bitmap_parselist in the kernel's lib/bitmap-str.c: "0-3,8", and strides
// "0-31:2/4" (of each 4 the first 2). Invariant: no bit at or above CPUSET_MAX is ever set, and
// a failed parse leaves its result as it was.
#include "machine/cpuset.h"

#include <string.h>

#include "base/lang.h"

#define WORDS (CPUSET_MAX / 64)

void cpuset_add(struct cpuset *set, unsigned cpu)
{
    if (cpu < CPUSET_MAX)
        set->bits[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

int cpuset_has(const struct cpuset *set, unsigned cpu)
{
    return cpu < CPUSET_MAX && (set->bits[cpu / 64] >> (cpu % 64) & 1);
}

unsigned cpuset_count(const struct cpuset *set)
{
    unsigned count = 0;
    for (size_t i = 0; i < WORDS; i++)
        count += (unsigned)__builtin_popcountll(set->bits[i]);
    return count;
}

int cpuset_first(const struct cpuset *set)
{
    return cpuset_next(set, -1);
}

int cpuset_next(const struct cpuset *set, int after)
{
    unsigned start = (unsigned)(after + 1);
    if (after < -1 || start >= CPUSET_MAX)
        return -1;
    uint64_t word = set->bits[start / 64] & (UINT64_MAX << (start % 64));
    for (unsigned i = start / 64;;) {
        if (word)
            return (int)(i * 64 + (unsigned)__builtin_ctzll(word));
        if (++i == WORDS)
            return -1;
        word = set->bits[i];
    }
}

void cpuset_and(struct cpuset *set, const struct cpuset *other)
{
    for (size_t i = 0; i < WORDS; i++)
        set->bits[i] &= other->bits[i];
}

void cpuset_or(struct cpuset *set, const struct cpuset *other)
{
    for (size_t i = 0; i < WORDS; i++)
        set->bits[i] |= other->bits[i];
}

void cpuset_minus(struct cpuset *set, const struct cpuset *other)
{
    for (size_t i = 0; i < WORDS; i++)
        set->bits[i] &= ~other->bits[i];
}

// A decimal at *at, below `limit`. Moves *at behind it.
static int read_number(const char **at, unsigned limit, unsigned *ret)
{
    unsigned value = 0;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (unsigned)(**at - '0');
        if (value >= limit)
            return -1;
    }
    *ret = value;
    return *at == start ? -1 : 0;
}

// One "N", "N-M" or "N-M:USED/GROUP" at *at.
static int read_range(const char **at, struct cpuset *into)
{
    unsigned first, last, used = 1, group = 1;
    if (read_number(at, CPUSET_MAX, &first) < 0)
        return -1;
    last = first;
    if (**at == '-') {
        (*at)++;
        if (read_number(at, CPUSET_MAX, &last) < 0 || last < first)
            return -1;
        if (**at == ':') {
            (*at)++;
            if (read_number(at, CPUSET_MAX + 1, &used) < 0 || *(*at)++ != '/' ||
                read_number(at, CPUSET_MAX + 1, &group) < 0 || used > group || group == 0)
                return -1;
        }
    }
    for (unsigned cpu = first; cpu <= last; cpu++)
        if ((cpu - first) % group < used)
            cpuset_add(into, cpu);
    return 0;
}

int cpuset_parse(const char *text, struct cpuset *ret, struct err *err)
{
    struct cpuset set = {0};
    size_t size = strcspn(text, "\n");
    const char *at = text;
    int failed = text[size] && text[size + 1];
    while (!failed && at < text + size) {
        failed = read_range(&at, &set) < 0;
        if (!failed && at < text + size)
            failed = *at++ != ',' || at == text + size;
    }
    if (failed)
        return err_set(err, ERR_USAGE, _("'%.*s' is not a list of CPUs"),
                       (int)(size < 200 ? size : 200), text);
    *ret = set;
    return 0;
}

void cpuset_format(const struct cpuset *set, struct str *into)
{
    const char *separator = "";
    for (int first = cpuset_first(set); first >= 0;) {
        int last = first;
        int next = cpuset_next(set, last);
        for (; next == last + 1; next = cpuset_next(set, last))
            last = next;
        if (last > first)
            str_print(into, "%s%d-%d", separator, first, last);
        else
            str_print(into, "%s%d", separator, first);
        separator = ",";
        first = next;
    }
}
