// SPDX-License-Identifier: Apache-2.0
// Times as sbatch(1) reads them, and with units; what is neither is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/span.h"

#define S INT64_C(1000000)

static const struct {
    const char *text;
    int64_t us; // -1: refused
    int units;  // read by span_read_units too
} spans[] = {
    {"90", 5400 * S, 0},
    {"1", 60 * S, 0},
    {"30:00", 1800 * S, 0},
    {"0:05", 5 * S, 0},
    {"1:00:00", 3600 * S, 0},
    {"100:00:00", 360000 * S, 0},
    {"2-12", 216000 * S, 0},
    {"2-12:30", 217800 * S, 0},
    {"2-12:30:15", 217815 * S, 0},
    {"0-0:0:1", 1 * S, 0},
    {"90s", 90 * S, 1},
    {"5m", 300 * S, 1},
    {"5min", 300 * S, 1},
    {"2h", 7200 * S, 1},
    {"1h30m", 5400 * S, 1},
    {"1.5h", 5400 * S, 1},
    {"0.5s", S / 2, 1},
    {"250ms", S / 4, 1},
    {"1d", 86400 * S, 1},
    {"1d12h30m10s", 131410 * S, 1},
    {"", -1, 0},
    {"0", -1, 0},
    {"0s", -1, 0},
    {"0:00", -1, 0},
    {"-5", -1, 0},
    {"-5m", -1, 0},
    {"+5m", -1, 0},
    {"5 m", -1, 0},
    {" 5m", -1, 0},
    {"5x", -1, 0},
    {"m", -1, 0},
    {"1.", -1, 0},
    {".5h", -1, 0},
    {"1.h", -1, 0},
    {"1,5h", -1, 0},
    {"inf", -1, 0},
    {"nans", -1, 0},
    {"0x5s", -1, 0},
    {"1e3s", -1, 0},
    {"1:2:3:4", -1, 0},
    {"1:", -1, 0},
    {":1", -1, 0},
    {"1-", -1, 0},
    {"-1:00", -1, 0},
    {"1--2", -1, 0},
    {"1-2-3", -1, 0},
    {"1-2s", -1, 0},
    {"99999999999999999999", -1, 0},
    {"99999999999999999999-0", -1, 0},
    {"99999999999999999999s", -1, 0},
    {"9999999999", -1, 0},
    {"1:99999999999999999999", -1, 0},
};

static void test_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spans); i++) {
        int64_t us = -1, units = -1;
        int result = span_read(spans[i].text, &us);
        if ((result < 0 ? -1 : us) != spans[i].us)
            fail_msg("'%s' is %lld us", spans[i].text, (long long)us);
        result = span_read_units(spans[i].text, &units);
        if ((result < 0 ? -1 : units) != (spans[i].units ? spans[i].us : -1))
            fail_msg("'%s' with units is %lld us", spans[i].text, (long long)units);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
