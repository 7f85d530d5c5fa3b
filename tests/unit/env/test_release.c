// SPDX-License-Identifier: Apache-2.0
// Versions of Python against what one asks of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "cmocka.h"
#include "env/release.h"

static const struct {
    const char *version, *want;
    int fits;
} fits[] = {
    {"3.11.7", "3.11", 1},          {"3.11.7", "3", 1},
    {"3.11.7", "3.1", 0},           {"3.11.7", "3.11.7", 1},
    {"3.11.7", "3.11.8", 0},        {"3.1.0", "3.11", 0},
    {"3.11.7", ">=3.11,<3.13", 1},  {"3.13.0", ">=3.11,<3.13", 0},
    {"3.10.13", ">=3.11,<3.13", 0}, {"3.9.1", ">=3.10", 0},
    {"3.11.0", ">=3.11", 1},        {"3.11.0", ">3.11", 0},
    {"3.11.7", "==3.11.*", 1},      {"3.11.7", "== 3.11.7 ", 1},
    {"3.11.7", "==3.11", 0},        {"3.11.0", "==3.11", 1},
    {"3.11.7", "!=3.11.*", 0},      {"3.12.1", "!=3.11.*, >=3.8", 1},
    {"3.11.7", "!=3.11.7", 0},      {"3.11.7", "<=3.11.7", 1},
    {"3.11.7", "~=3.8", 1},         {"4.0.0", "~=3.8", 0},
    {"3.11.7", "~=3.11.2", 1},      {"3.12.0", "~=3.11.2", 0},
    {"3.13.0b1", "3.13", 1},        {"3.13.0b1", ">=3.13", 0},
    {"3.13.0b1", "<3.13", 0},       {"3.13.0b1", "<3.13.0b2", 1},
    {"3.13.0rc2", "3.13.0rc2", 1},  {"3.13.0rc2", ">=3.13.0b1,<3.14", 1},
    {"3.13.0a10", ">3.13.0a9", 1},  {"3.12.0", "", -1},
    {"3.12.0", "3.", -1},           {"3.12.0", "3.12,", -1},
    {"3.12.0", "=3.12", -1},        {"3.12.0", "<>3.12", -1},
    {"3.12.0", "~=3", -1},          {"3.12.0", ">=3.12.*", -1},
    {"3.12.0", "three", -1},        {"3.12.0", "3.12 3.11", -1},
    {"3.12.0", "99999.1", -1},
};

static void test_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fits); i++) {
        struct release release;
        struct err err = {0};
        print_message("# %s %s\n", fits[i].version, fits[i].want);
        assert_int_equal(release_parse(fits[i].version, &release), 0);
        assert_int_equal(release_fits(&release, fits[i].want, &err), fits[i].fits);
        assert_int_equal(err.code, fits[i].fits < 0 ? ERR_USAGE : ERR_NONE);
    }
}

static void test_order(void **state)
{
    (void)state;
    static const char *const order[] = {"2.7.18",   "3",         "3.6.15",   "3.9.1",
                                        "3.13.0a1", "3.13.0a10", "3.13.0b1", "3.13.0rc1",
                                        "3.13.0",   "3.13.1"};
    for (size_t i = 0; i < COUNT(order); i++) {
        for (size_t j = 0; j < COUNT(order); j++) {
            struct release a, b;
            assert_int_equal(release_parse(order[i], &a), 0);
            assert_int_equal(release_parse(order[j], &b), 0);
            int sign = release_compare(&a, &b);
            assert_int_equal((sign > 0) - (sign < 0), (i > j) - (i < j));
        }
    }
    static const char *const wrong[] = {"",      "x",       "3.",       "3.11.7.1", "3.11-dev",
                                        "v3.11", "3.11.7x", "3.13.0rc", " 3"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct release release;
        print_message("# %s\n", wrong[i]);
        assert_int_equal(release_parse(wrong[i], &release), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
