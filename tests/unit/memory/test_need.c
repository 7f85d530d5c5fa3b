// SPDX-License-Identifier: Apache-2.0
// What the next task will need: from few, from many with an odd one, by size.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "memory/need.h"

#define MIB 1024LL

static void test_nothing(void **state)
{
    (void)state;
    struct need *need = need_new();
    assert_int_equal(need_guess(need, 0), 0);
    assert_int_equal(need_guess(need, 1 << 20), 0);
    need_add(need, 0, 0); // not known
    need_add(need, 0, -5);
    assert_int_equal(need_guess(need, 0), 0);
    need_free(need);
    need_free(NULL);
}

static void test_few(void **state)
{
    (void)state;
    struct need *need = need_new();
    need_add(need, 0, 100 * MIB);
    assert_int_equal(need_guess(need, 0), 125 * MIB);
    need_add(need, 0, 40 * MIB);
    assert_int_equal(need_guess(need, 0), 125 * MIB);
    need_add(need, 0, 200 * MIB);
    assert_int_equal(need_guess(need, 0), 250 * MIB);
    need_free(need);
}

// One of a hundred that needs ten times as much does not narrow the run for all others.
static void test_outlier(void **state)
{
    (void)state;
    struct need *need = need_new();
    for (int i = 0; i < 99; i++)
        need_add(need, 0, 100 * MIB + i);
    need_add(need, 0, 1000 * MIB);
    int64_t guess = need_guess(need, 0);
    assert_true(guess >= 125 * MIB && guess <= 160 * MIB);
    for (int i = 0; i < 10; i++) // ten are no oddity
        need_add(need, 0, 1000 * MIB);
    assert_true(need_guess(need, 0) >= 1000 * MIB);
    need_free(need);
}

static void test_sizes(void **state)
{
    (void)state;
    struct need *need = need_new();
    need_add(need, 1000000, 800 * MIB);
    need_add(need, 10000, 80 * MIB);
    assert_int_equal(need_guess(need, 1000000), 1000 * MIB);
    assert_int_equal(need_guess(need, 900000), 1000 * MIB); // alike
    assert_int_equal(need_guess(need, 100000), 1000 * MIB); // the nearest larger
    assert_int_equal(need_guess(need, 9000), 100 * MIB);
    assert_int_equal(need_guess(need, 5), 100 * MIB);
    assert_int_equal(need_guess(need, 0), 100 * MIB);
    assert_int_equal(need_guess(need, INT64_MAX), 1000 * MIB); // the nearest smaller
    need_free(need);
}

// Whatever the peak, the guess is above nearly all and below twice the largest.
static void test_bounds(void **state)
{
    (void)state;
    for (int64_t peak = 1; peak < INT64_MAX / 8; peak = peak * 3 + 1) {
        struct need *need = need_new();
        for (int i = 0; i < 50; i++)
            need_add(need, peak, peak);
        int64_t guess = need_guess(need, peak);
        assert_true(guess >= peak && guess <= 2 * peak);
        need_free(need);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_few),
        cmocka_unit_test(test_outlier), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
