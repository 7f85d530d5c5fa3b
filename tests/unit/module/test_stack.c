// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "module/stack.h"

static const char *get(const struct vars *vars, const char *name)
{
    const char *value = vars_get(vars, name);
    return value ? value : "(unset)";
}

static void push(struct vars *vars, const char *value, const char *owner, int noted)
{
    stack_push(vars, &(struct stack_change){"X", value, owner, noted});
}

static void pop(struct vars *vars, const char *value, const char *owner, int noted)
{
    stack_pop(vars, &(struct stack_change){"X", value, owner, noted});
}

static void test_lmod(void **state)
{
    (void)state;
    CLEANUP_VARS struct vars vars = {0};
    vars_set(&vars, "X", "user");
    push(&vars, "one:\ntwo", "a/1", 0);
    push(&vars, NULL, "b/1", 0);
    assert_string_equal(get(&vars, "X"), "(unset)");
    assert_string_equal(get(&vars, "__LMOD_STACK_X"), "false:b25lOgp0d28=:dXNlcg==");
    pop(&vars, "one:\ntwo", "a/1", 0); // the newest, whoever goes
    assert_string_equal(get(&vars, "X"), "one:\ntwo");
    pop(&vars, NULL, "b/1", 0);
    assert_string_equal(get(&vars, "X"), "user");
    assert_string_equal(get(&vars, "__LMOD_STACK_X"), "dXNlcg==");
    assert_string_equal(get(&vars, "__MODULES_PUSHENV_X"), "(unset)");
    vars_set(&vars, "__LMOD_STACK_X", "no base64:***");
    pop(&vars, "x", "a/1", 0);
    assert_string_equal(get(&vars, "X"), "(unset)");
    pop(&vars, "x", "a/1", 0);
    assert_string_equal(get(&vars, "__LMOD_STACK_X"), "(unset)");
}

static void test_modules(void **state)
{
    (void)state;
    CLEANUP_VARS struct vars vars = {0};
    vars_set(&vars, "X", "us:er");
    push(&vars, "one:o", "a/1", 1);
    push(&vars, NULL, "b/1", 1);
    push(&vars, "three", "c/1", 1);
    assert_string_equal(get(&vars, "__MODULES_PUSHENV_X"), "c/1&three:b/1&:a/1&one:o:&us:er");
    pop(&vars, "one:o", "a/1", 1); // its own, wherever it is
    assert_string_equal(get(&vars, "X"), "three");
    pop(&vars, "one:o", "a/1", 1);
    assert_string_equal(get(&vars, "__MODULES_PUSHENV_X"), "c/1&three:b/1&:&us:er");
    pop(&vars, "three", "c/1", 1);
    assert_string_equal(get(&vars, "X"), "(unset)"); // not empty
    pop(&vars, NULL, "b/1", 1);
    assert_string_equal(get(&vars, "X"), "us:er");
    assert_string_equal(get(&vars, "__MODULES_PUSHENV_X"), "(unset)");
    assert_string_equal(get(&vars, "__LMOD_STACK_X"), "(unset)");
    push(&vars, "one", "a/1", 1);
    vars_unset(&vars, "__MODULES_PUSHENV_X"); // as Environment Modules unloads it
    vars_set(&vars, "X", "user");
    push(&vars, "two", "b/1", 1);
    assert_string_equal(get(&vars, "__LMOD_STACK_X"), "dHdv:dXNlcg==");
    vars_set(&vars, "__MODULES_PUSHENV_X", "c/1&c:b/1&two:&user"); // as it loads one
    pop(&vars, "two", "b/1", 0);
    assert_string_equal(get(&vars, "X"), "c");
    pop(&vars, "c", "c/1", 0);
    assert_string_equal(get(&vars, "X"), "user");
}

static void test_odd(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   ":",  "&",    "&:",     "x",
                                        "::", "x:", "a/1&", ":a/1&x", "&&&"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        CLEANUP_VARS struct vars vars = {0};
        vars_set(&vars, "__MODULES_PUSHENV_X", texts[i]);
        push(&vars, "new", "b/1", 1);
        assert_string_equal(get(&vars, "X"), "new");
        pop(&vars, "new", "b/1", 1);
        pop(&vars, "new", "a/1", 1);
        assert_null(strstr(get(&vars, "__MODULES_PUSHENV_X"), "b/1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lmod),
                                       cmocka_unit_test(test_modules),
                                       cmocka_unit_test(test_odd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
