// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module/luatable.h"

static void test_values(void **state)
{
    (void)state;
    static const char text[] = "-- a comment\nT = { a = 1, [\"b c\"] = \"x\\\"\\n\\065\", "
                               "'first', d = { e = false, },\n"
                               "[2] = -2.5; f = nil }\n";
    struct arena arena = {0};
    const struct luatable *table = luatable_read(&arena, text, strlen(text), NULL);
    assert_non_null(table);
    assert_int_equal(luatable_number(table, "a", 0), 1);
    assert_string_equal(luatable_text(table, "b c"), "x\"\nA");
    assert_int_equal(table->item[2].index, 1);
    assert_string_equal(table->item[2].text, "first");
    assert_int_equal(luatable_get(luatable_get(table, "d"), "e")->kind, LUATABLE_BOOL);
    assert_int_equal(table->item[4].index, 2);
    assert_true(table->item[4].number == -2.5);
    assert_int_equal(luatable_get(table, "f")->kind, LUATABLE_NIL);
    assert_null(luatable_get(table, "nosuch"));
    assert_null(luatable_text(NULL, "a"));
    arena_free(&arena);
}

static void test_files(void **state)
{
    (void)state;
    static const char text[] =
        "--[[ two\nlines ]] a = { x = [[\none\n]=] two]], [==[ ]=] ]==], };\n"
        "b = false c = { 1 }\nc = { y = [[]] } -- end";
    static const char *const names[] = {"a", "b", "c", "nosuch", NULL};
    static const char *const wrong[] = {"a = { [[x } ", "a = { [=[x]] }", "a = f()",
                                        "a = { } b", "--[[ x"};
    const struct luatable *table[4];
    struct arena arena = {0};
    assert_int_equal(luatable_read_all(&arena, text, strlen(text), names, table, NULL), 0);
    assert_string_equal(luatable_text(table[0], "x"), "one\n]=] two");
    assert_string_equal(table[0]->item[1].text, " ]=] ");
    assert_int_equal(table[0]->item[1].index, 1);
    assert_null(table[1]);
    assert_string_equal(luatable_text(table[2], "y"), "");
    assert_null(table[3]);
    for (size_t i = 0; i + 1 < COUNT(wrong); i++)
        assert_int_equal(
            luatable_read_all(&arena, wrong[i], strlen(wrong[i]), names, table, NULL), -1);
    // a long comment without end is one line, as it is for a table
    assert_int_equal(luatable_read_all(&arena, wrong[4], strlen(wrong[4]), names, table, NULL),
                     0);
    arena_free(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "T",
                                        "T = ",
                                        "T = 1",
                                        "T = {",
                                        "T = {a =}",
                                        "T = {} x",
                                        "T = {a = f()}",
                                        "T = {\"a}",
                                        "T = {a = 1 + 1}",
                                        "T = {[a] = 1}",
                                        "T = {\"\\x\"}",
                                        "T = {a = function() end}",
                                        "T = {} .. {}",
                                        "os.exit()"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena = {0};
        struct err err = {0};
        assert_null(luatable_read(&arena, cases[i], strlen(cases[i]), &err));
        assert_int_equal(err.code, ERR_MODULE_STATE);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_files),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
