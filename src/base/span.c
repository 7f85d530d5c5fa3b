// SPDX-License-Identifier: Apache-2.0
// span: sbatch(1), "--time": minutes, minutes:seconds, hours:minutes:seconds, days-hours,
// days-hours:minutes, days-hours:minutes:seconds.
#include "base/span.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SECOND  INT64_C(1000000)
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)
#define MOST_US (36525 * DAY)

static int64_t unit_of(const char *name, size_t size)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {
        {"s", SECOND},  {"sec", SECOND}, {"m", MINUTE}, {"min", MINUTE}, {"h", HOUR},
        {"hour", HOUR}, {"d", DAY},      {"day", DAY},  {"ms", 1000},
    };
    for (size_t i = 0; i < COUNT(units); i++)
        if (strlen(units[i].name) == size && memcmp(units[i].name, name, size) == 0)
            return units[i].us;
    return 0;
}

// strtod would take "inf", "nan", "0x1p3", signs and the locale's comma.
static int read_decimal(const char **at, double *ret)
{
    const char *text = *at;
    double scale = 1;
    int digits = 0;
    *ret = 0;
    for (; isdigit((unsigned char)*text) && digits < 12; text++, digits++)
        *ret = *ret * 10 + (*text - '0');
    if (digits && *text == '.' && isdigit((unsigned char)text[1]))
        for (text++; isdigit((unsigned char)*text) && digits < 18; text++, digits++)
            *ret += (*text - '0') * (scale /= 10);
    *at = text;
    return digits && !isdigit((unsigned char)*text) ? 0 : -1;
}

int span_read_units(const char *text, int64_t *ret_us)
{
    double sum = 0;
    if (!*text)
        return -1;
    while (*text) {
        double number;
        if (read_decimal(&text, &number) < 0)
            return -1;
        size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz");
        int64_t unit = unit_of(text, size);
        if (!unit)
            return -1;
        sum += number * (double)unit;
        text += size;
    }
    if (sum < 1 || sum > (double)MOST_US)
        return -1;
    *ret_us = (int64_t)(sum + 0.5);
    return 0;
}

// Numbers with ':' between them, three at most. Returns how many, or -1.
static int read_fields(const char *text, int64_t field[3])
{
    int count = 0;
    for (;; text++) {
        char *end;
        if (count == 3 || !isdigit((unsigned char)*text))
            return -1;
        field[count] = strtoll(text, &end, 10);
        if (field[count++] > MOST_US / SECOND || end - text > 10)
            return -1;
        text = end;
        if (!*text)
            return count;
        if (*text != ':')
            return -1;
    }
}

int span_read(const char *text, int64_t *ret_us)
{
    // what the fields are, by how many there are, without and with days before them
    static const int64_t units[2][3][3] = {
        {{MINUTE}, {MINUTE, SECOND}, {HOUR, MINUTE, SECOND}},
        {{HOUR}, {HOUR, MINUTE}, {HOUR, MINUTE, SECOND}},
    };
    int64_t field[3], days = 0, sum = 0;
    const char *dash = strchr(text, '-');
    if (dash) {
        char *end;
        if (!isdigit((unsigned char)*text))
            return -1;
        days = strtoll(text, &end, 10);
        if (end != dash || days > MOST_US / DAY)
            return -1;
    }
    int count = read_fields(dash ? dash + 1 : text, field);
    if (count < 0)
        return dash ? -1 : span_read_units(text, ret_us);
    for (int i = 0; i < count; i++)
        sum += field[i] * (units[dash != NULL][count - 1][i] / SECOND);
    sum += days * (DAY / SECOND);
    if (sum < 1 || sum > MOST_US / SECOND)
        return -1;
    *ret_us = sum * SECOND;
    return 0;
}
