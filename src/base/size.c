// SPDX-License-Identifier: Apache-2.0
// size: sbatch(1), --mem. Its fractions are an error, and what follows the unit is not looked at;
// here a fraction is exact, and nothing but "B" or "iB" may follow.
#include "base/size.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

#define DIGITS 9 // of a fraction: less than a KiB of a TiB

static const struct {
    char letter;
    int shift; // of the KiB
} units[] = {{'K', 0}, {'M', 10}, {'G', 20}, {'T', 30}, {'P', 40}};

// The unit's shift and what may follow it; -1 if it is none. "" is MiB.
static int read_unit(const char *text)
{
    if (!*text)
        return 10;
    for (size_t i = 0; i < COUNT(units); i++)
        if (toupper((unsigned char)*text) == units[i].letter) {
            const char *rest = text + 1;
            int fine = !*rest || strcasecmp(rest, "B") == 0 || strcasecmp(rest, "iB") == 0;
            return fine ? units[i].shift : -1;
        }
    return -1;
}

int size_parse(const char *text, int64_t *ret_kib)
{
    int64_t whole = 0, part = 0, scale = 1;
    const char *at = text;
    if (!isdigit((unsigned char)*at))
        return -1;
    for (; isdigit((unsigned char)*at); at++)
        if ((whole = whole * 10 + (*at - '0')) > SIZE_MAX_KIB)
            return -1;
    const char *dot = *at == '.' ? at++ : NULL;
    for (; dot && isdigit((unsigned char)*at); at++) {
        if (at - dot > DIGITS)
            return -1;
        part = part * 10 + (*at - '0');
        scale *= 10;
    }
    if (dot && (at == dot + 1 || !*at))
        return -1;
    int shift = read_unit(at);
    if (shift < 0 || whole > SIZE_MAX_KIB >> shift)
        return -1;
    __int128 fraction = ((__int128)part << shift) + scale - 1; // rounded up
    *ret_kib = (whole << shift) + (int64_t)(fraction / scale);
    return 0;
}

void size_add(struct str *into, int64_t kib)
{
    size_t unit = COUNT(units) - 1;
    while (unit > 0 && (!kib || kib & ((INT64_C(1) << units[unit].shift) - 1)))
        unit--;
    str_print(into, "%lld%c", (long long)(kib >> units[unit].shift), units[unit].letter);
}
