// SPDX-License-Identifier: Apache-2.0
// Keys and orders as Lmod 8.6 gives them (convertToCanonical).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "module/order.h"

static void test_keys(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"12", "000000012.*zfinal"},
        {"1.0", "000000001.*zfinal"},
        {"1.2", "000000001.000000002.*zfinal"},
        {"3.11.5", "000000003.000000011.000000005.*zfinal"},
        {"2.4.0", "000000002.000000004.*zfinal"},
        {"1.0rc1", "000000001.*c.000000001.*zfinal"},
        {"2.4-1", "000000002.000000004.*zfinal-.000000001.*zfinal"},
        {"2.4p1", "000000002.000000004.*zfinal-.000000001.*zfinal"},
        {"2.4-p1", "000000002.000000004.*zfinal-.000000001.*zfinal"},
        {"dev", "*@.*zfinal"},
        {".5", "000000000.000000005.*zfinal"},
        {"A", "*a.*zfinal"},
        {"x86/2.0", "*x.000000086/000000002.*zfinal"},
        {"", "*zfinal"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *key = order_key(cases[i][0]);
        assert_string_equal(key, cases[i][1]);
        free(key);
    }
}

static void test_order(void **state)
{
    (void)state;
    static const char *const rising[] = {"dev",   "1.0a1",     "1.0rc1", "1.0",
                                         "1.0-1", "1.0.1",     "1.9",    "1.10",
                                         "3.9.6", "3.11.0rc1", "3.11.5", "2023a"};
    for (size_t i = 1; i < COUNT(rising); i++) {
        char *left = order_key(rising[i - 1]), *right = order_key(rising[i]);
        if (strcmp(left, right) >= 0)
            fail_msg("%s is not before %s", rising[i - 1], rising[i]);
        free(left);
        free(right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys),
                                       cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
