// SPDX-License-Identifier: Apache-2.0
// --signal and --halt: what their words mean, and when a run stops.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "run/limits.h"

#define S INT64_C(1000000)

static void test_signal(void **state)
{
    static const struct {
        const char *text;
        int64_t time_us;
        int number; // -1: refused
        int64_t before_us;
        int first;
    } cases[] = {
        {NULL, 3600 * S, SIGTERM, 60 * S, 0},
        {NULL, 100 * S, SIGTERM, 10 * S, 0},
        {NULL, 0, SIGTERM, 60 * S, 0},
        {"USR1@120", 3600 * S, SIGUSR1, 120 * S, 0},
        {"SIGUSR2", 3600 * S, SIGUSR2, 60 * S, 0},
        {"10@5", 3600 * S, SIGUSR1, 5 * S, 0},
        {"B:INT@30", 3600 * S, SIGINT, 30 * S, 1},
        {"R:INT@30", 3600 * S, SIGINT, 30 * S, 0},
        {"RB:usr1@0", 3600 * S, SIGUSR1, 0, 1},
        {"USR1@3600", 3600 * S, -1, 0, 0},
        {"USR1@", 3600 * S, -1, 0, 0},
        {"@60", 3600 * S, -1, 0, 0},
        {"", 3600 * S, -1, 0, 0},
        {"X:USR1", 3600 * S, -1, 0, 0},
        {"USR3@5", 3600 * S, -1, 0, 0},
        {"0@5", 3600 * S, -1, 0, 0},
        {"USR1@-5", 3600 * S, -1, 0, 0},
        {"USR1@99999999999", 3600 * S, -1, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct limit_signal got;
        struct err err = {0};
        int result = limit_signal_read(cases[i].text, cases[i].time_us, &got, &err);
        if ((result < 0) != (cases[i].number < 0))
            fail_msg("'%s': %d", cases[i].text, result);
        if (result < 0) {
            assert_int_equal(err.code, ERR_USAGE);
            continue;
        }
        assert_int_equal(got.number, cases[i].number);
        assert_int_equal(got.before_us, cases[i].before_us);
        assert_int_equal(got.first, cases[i].first);
    }
}

static void test_halt(void **state)
{
    static const struct {
        const char *text;
        int now;             // -1: refused
        size_t done, failed; // of 40
        int halts;
    } cases[] = {
        {NULL, 0, 40, 40, 0},
        {"never", 0, 40, 40, 0},
        {"now,fail=1", 1, 39, 0, 0},
        {"now,fail=1", 1, 0, 1, 1},
        {"soon,fail=3", 0, 9, 2, 0},
        {"soon,fail=3", 0, 0, 3, 1},
        {"soon,fail=10%", 0, 0, 3, 0},
        {"soon,fail=10%", 0, 0, 4, 1},
        {"soon,fail=1%", 0, 5, 0, 0},
        {"soon,fail=1%", 0, 5, 1, 1},
        {"now,success=1", 1, 0, 9, 0},
        {"now,success=1", 1, 1, 0, 1},
        {"soon,done=5", 0, 2, 2, 0},
        {"soon,done=5", 0, 2, 3, 1},
        {"soon,done=100%", 0, 39, 0, 0},
        {"soon,done=100%", 0, 39, 1, 1},
        {"", -1, 0, 0, 0},
        {"now", -1, 0, 0, 0},
        {"fail=1", -1, 0, 0, 0},
        {"now,fail", -1, 0, 0, 0},
        {"now,fail=", -1, 0, 0, 0},
        {"now,fail=0", -1, 0, 0, 0},
        {"now,fail=%", -1, 0, 0, 0},
        {"now,fail=-1", -1, 0, 0, 0},
        {"now,fail=1x", -1, 0, 0, 0},
        {"soon,fail=101%", -1, 0, 0, 0},
        {"soon,now,fail=1", -1, 0, 0, 0},
        {"now,fail=1,done=2", -1, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct limit_halt halt;
        struct err err = {0};
        int result = limit_halt_read(cases[i].text, &halt, &err);
        if ((result < 0) != (cases[i].now < 0))
            fail_msg("'%s': %d", cases[i].text, result);
        if (result < 0)
            continue;
        assert_int_equal(halt.now, cases[i].now);
        if (limit_halts(&halt, cases[i].done, cases[i].failed, 40) != cases[i].halts)
            fail_msg("'%s' at %zu done, %zu failed", cases[i].text, cases[i].done,
                     cases[i].failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_signal),
                                       cmocka_unit_test(test_halt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
