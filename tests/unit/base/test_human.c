// SPDX-License-Identifier: Apache-2.0
// Durations, sizes and times for people: what is shown is near to what it stands for, and never
// goes back.
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/human.h"
#include "base/mem.h"

#define MS 1000LL
#define S  1000000LL

struct shown {
    int64_t value;
    const char *text;
};

static const struct shown durations[] = {
    {0, "0.0s"},
    {-1, "0.0s"},
    {INT64_MIN, "0.0s"},
    {1, "1ms"},
    {1999, "1ms"},
    {49 * MS, "49ms"},
    {99999, "99ms"},
    {100 * MS, "0.1s"},
    {149 * MS, "0.1s"},
    {150 * MS, "0.2s"},
    {9949 * MS, "9.9s"},
    {9950 * MS, "10s"},
    {12 * S, "12s"},
    {59400 * MS, "59s"},
    {59960 * MS, "1m00s"},
    {144 * S, "2m24s"},
    {3599 * S, "59m59s"},
    {3599960 * MS, "1h00m"},
    {3900 * S, "1h05m"},
    {86399 * S, "23h59m"},
    {86400 * S, "1d00h"},
    {74 * 3600 * S, "3d02h"},
    {INT64_MAX, "106751991d04h"},
};
static const struct shown memories[] = {
    {0, "0K"},
    {-7, "0K"},
    {512, "512K"},
    {999, "999K"},
    {1000, "1M"},
    {83 << 10, "83M"},
    {1000 << 10, "1.0G"},
    {2831155, "2.7G"},
    {10 << 20, "10G"},
    {INT64_C(1288490189), "1.2T"},
    {INT64_C(1) << 40, "1.0P"},
    {INT64_MAX, "8192E"},
};

static void check(const struct shown *table, size_t count, void (*add)(struct str *, int64_t))
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP_STR struct str text = {0};
        add(&text, table[i].value);
        if (strcmp(str_text(&text), table[i].text) != 0)
            fail_msg("%" PRId64 ": '%s', not '%s'", table[i].value, str_text(&text),
                     table[i].text);
    }
}

static void test_tables(void **state)
{
    (void)state;
    check(durations, COUNT(durations), human_duration);
    check(memories, COUNT(memories), human_memory);
}

// What a text says, in the unit that was given; *ret_unit is that of its last figure.
static double read_back(const char *text, const char *units, const double *size,
                        double *ret_unit)
{
    double sum = 0;
    while (*text) {
        char *end;
        double number = strtod(text, &end);
        if (strcmp(end, "ms") == 0) {
            *ret_unit = 1e3;
            return number * 1e3;
        }
        const char *unit = strchr(units, *end);
        assert_true(end > text && *end && unit);
        *ret_unit = size[unit - units] * (memchr(text, '.', (size_t)(end - text)) ? 0.1 : 1);
        sum += number * size[unit - units];
        text = end + 1;
    }
    return sum;
}

static void sweep(void (*add)(struct str *, int64_t), const char *units, const double *size,
                  double step)
{
    double before = 0;
    for (double value = 1; value < 9e17; value *= step) {
        CLEANUP_STR struct str text = {0};
        double unit = 0;
        add(&text, (int64_t)value);
        double shown = read_back(str_text(&text), units, size, &unit);
        if (fabs(shown - value) > 1.06 * unit || shown < before)
            fail_msg("%.0f is shown as %s, after %.0f", value, str_text(&text), before);
        before = shown;
    }
}

static void test_sweep(void **state)
{
    (void)state;
    const double seconds[] = {1e6, 60e6, 3600e6, 86400e6};
    const double kib[] = {1, 0x1p10, 0x1p20, 0x1p30, 0x1p40, 0x1p50};
    sweep(human_duration, "smhd", seconds, 1.0007);
    sweep(human_memory, "KMGTPE", kib, 1.0007);
}

static void test_time(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "UTC0", 1), 0);
    tzset();
    for (int64_t second = 0; second < INT64_C(4102444800); second += 7654321) {
        CLEANUP_STR struct str text = {0};
        struct tm parts = {0};
        human_time(&text, second * S + 999999);
        int used = 0;
        assert_int_equal(sscanf(str_text(&text), "%4d-%2d-%2d %2d:%2d:%2d%n", &parts.tm_year,
                                &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min,
                                &parts.tm_sec, &used),
                         6);
        assert_int_equal(used, 19);
        parts.tm_year -= 1900;
        parts.tm_mon--;
        assert_true(timegm(&parts) == second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
