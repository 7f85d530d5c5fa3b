// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "module/spec.h"

static void test_names(void **state)
{
    (void)state;
    static const char *const none[] = {"py", "py/3.9", "@3.9", "py@3@4", "@", ""};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_null(spec_name(none[i]));
    char *name = spec_name("a/py@3.9:");
    assert_string_equal(name, "a/py");
    assert_string_equal(spec_versions("a/py@3.9:"), "3.9:");
    free(name);
    assert_true(spec_is_list("3.9:") && spec_is_list("3,4") && spec_is_list(":"));
    assert_false(spec_is_list("3.9") || spec_is_list(""));
}

static void test_versions(void **state)
{
    (void)state;
    static const struct {
        const char *versions, *version;
        int fits;
    } cases[] = {
        {"1.5", "1.5", 1},     {"1.5", "1.5.2", 1}, {"1.5", "1.50", 0}, {"1.5", "1", 0},
        {"1.5:", "1.5", 1},    {"1.5:", "1.10", 1}, {"1.5:", "1.4", 0}, {":1.5", "1.5", 1},
        {":1.5", "1.5.2", 1},  {":1.5", "1.6", 0},  {":2", "2.1", 1},   {":2", "10", 0},
        {"1.2:2", "1.2.1", 1}, {"1.2:2", "2.9", 1}, {"1.2:2", "3", 0},  {"2:1", "1.5", 0},
        {"1,3:", "1.4", 1},    {"1,3:", "2", 0},    {"1,3:", "4", 1},   {",", "1", 0},
        {":", "1", 1},         {"default", "1", 1}, {"latest", "1", 1}, {"", "1", 1},
        {"x", "1", 0},         {"1:2:3", "1.5", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(spec_fits(cases[i].versions, cases[i].version), cases[i].fits);
}

static void test_holds(void **state)
{
    (void)state;
    assert_true(spec_holds("py@3.9:", "py/3.9.6") && spec_holds("a/py@:3", "a/py/3.9"));
    assert_false(spec_holds("py@3.9:", "py/3.8") || spec_holds("py@3.9:", "pypy/3.9") ||
                 spec_holds("py@3.9:", "py") || spec_holds("a@:3", "a/py/3.9") ||
                 spec_holds("py/3.9", "py/3.9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_versions),
                                       cmocka_unit_test(test_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
