// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module/rc.h"

static void test_commands(void **state)
{
    (void)state;
    static const char text[] =
        "#%Module\n# set ModulesVersion 1\nset ModulesVersion \"3.9\"; set v 3.10\n"
        "module-version py/$v new \\\n  {newest}\nmodule-version /3.9 lts\nmodule-version "
        "./3.8 old\n"
        "module-alias python3 py/3.9\nhide-version py/3.7\nset x [exec id]\nmodule-version "
        "py/$nosuch bad\n"
        "module-version [id] bad\nif {1} { puts hello }\n";
    static const struct {
        enum rc_kind kind;
        const char *name, *target;
    } expected[] = {{RC_VERSION, "py/default", "py/3.9"},
                    {RC_VERSION, "py/new", "py/3.10"},
                    {RC_VERSION, "py/newest", "py/3.10"},
                    {RC_VERSION, "py/lts", "py/3.9"},
                    {RC_VERSION, "py/old", "py/3.8"},
                    {RC_ALIAS, "python3", "py/3.9"},
                    {RC_HIDE, "", "py/3.7"}};
    struct rc rc = {0};
    assert_int_equal(rc_read(&rc, text, strlen(text), "py"), 0);
    assert_int_equal(rc.count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < rc.count; i++) {
        assert_int_equal(rc.item[i].kind, expected[i].kind);
        assert_string_equal(rc.item[i].name, expected[i].name);
        assert_string_equal(rc.item[i].target, expected[i].target);
    }
    rc_free(&rc);
}

// What Tcl itself is needed for.
static void test_plain(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int is_plain;
    } cases[] = {{"", 1},
                 {"#%Module1.0\n# if {1} {\nset ModulesVersion 3.9", 1},
                 {"set v 3.9; module-version py/$v default\n\n", 1},
                 {"module-hide py/3.9", 1},
                 {"module-hide --soft py/3.9", 0},
                 {"module-hide py/3.9 --soft", 0},
                 {"if {1} { module-version py/3.9 default }", 0},
                 {"set v [exec id]", 0},
                 {"module-version py/$env(V) default", 0},
                 {"module-forbid py", 0},
                 {"set ModulesVersion", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rc rc = {0};
        assert_int_equal(rc_read(&rc, cases[i].text, strlen(cases[i].text), "py"),
                         cases[i].is_plain);
        if (strstr(cases[i].text, "--soft"))
            assert_int_equal(rc.count, 0);
        rc_free(&rc);
    }
}

static void test_move(void **state)
{
    (void)state;
    struct rc from = {0}, into = {0};
    const struct rc_entry forbid = {
        .kind = RC_FORBID, .target = (char[]){"py/3.9"}, .words = (char[]){"too old"}};
    rc_add_entry(&from, &forbid);
    rc_add(&into, RC_TAG, "sticky", "py");
    rc_move(&from, &into);
    assert_int_equal(from.count, 0);
    assert_int_equal(into.count, 2);
    assert_string_equal(into.item[1].words, "too old");
    assert_true(rc_is_about(&into.item[0], "py/3.9", "py", "/m/py/3.9"));
    assert_false(rc_is_about(&into.item[0], "pypy", NULL, "/m/pypy"));
    assert_true(rc_is_about(&into.item[1], "py/3.9", "py", "/m/py/3.9"));
    assert_false(rc_is_about(&into.item[1], "py/3.10", "py", "/m/py/3.10"));
    rc_free(&into);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_commands),
                                       cmocka_unit_test(test_plain),
                                       cmocka_unit_test(test_move)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
