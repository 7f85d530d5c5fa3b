// SPDX-License-Identifier: Apache-2.0
// Requirements: what is read, and how it is written again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/require.h"

static const struct {
    const char *text, *normal, *name; // normal NULL: invalid
} cases[] = {
    {"numpy", "numpy", "numpy"},
    {" Ruamel.Yaml ", "Ruamel.Yaml", "ruamel-yaml"},
    {"a__b[z, y,y]>=1,<2", "a__b[y,z]<2,>=1", "a-b"},
    {"a[] (==1.0)", "a==1.0", "a"},
    {"a()", "a", "a"},
    {"a>=1,", "a>=1", "a"},
    {"a;os_name=='x'", "a; os_name == \"x\"", "a"},
    {"a@https://x/y;z", "a @ https://x/y;z", "a"},
    {"a [x] @ file:///y ; os_name=='x'", "a[x] @ file:///y ; os_name == \"x\"", "a"},
    {"a===1,,==2", "a==2,===1", "a"},
    {"a===x, ==1", "a==1,===x", "a"},
    {"a_ ", "a_", "a-"},
    {"a-", NULL, NULL},
    {"-a", NULL, NULL},
    {"", NULL, NULL},
    {"a b", NULL, NULL},
    {"a[x y]", NULL, NULL},
    {"a[x,]", NULL, NULL},
    {"a[x", NULL, NULL},
    {"a (>=1", NULL, NULL},
    {"a >=1)", NULL, NULL},
    {"a >=1 <2", NULL, NULL},
    {"a,>=1", NULL, NULL},
    {"a>=1,,<2", NULL, NULL},
    {"a @", NULL, NULL},
    {"a @ x y", NULL, NULL},
    {"a;", NULL, NULL},
    {"a>=1;os_name", NULL, NULL},
    {"a\n", NULL, NULL},
    {"a\xc3\xa9", NULL, NULL},
};

static void test_requirements(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str normal = {0};
        struct err err = {0};
        const struct require *require = require_parse(&arena, piece_of(cases[i].text), &err);
        print_message("# %s\n", cases[i].text);
        assert_int_equal(require != NULL, cases[i].normal != NULL);
        assert_int_equal(err.code, require ? ERR_NONE : ERR_USAGE);
        if (require) {
            assert_int_equal(require_add(&normal, require), 0);
            assert_string_equal(normal.text, cases[i].normal);
            assert_true(piece_is(require->normal, cases[i].name));
        }
        str_free(&normal);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_requirements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
