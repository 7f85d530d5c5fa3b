// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "module/paths.h"

static void test_regular(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"/a//b/", "/a/b"}, {"/", "/"},
                                           {"", ""},           {" /a ", "/a"},
                                           {"/a/./b", "/a/b"}, {"/a/.", "/a"},
                                           {"./a", "a"},       {".", "."},
                                           {"/..", "/.."},     {"a/../b", "a/../b"},
                                           {"//", "/"},        {"/a b/", "/a b"},
                                           {"/.a", "/.a"},     {"/a/.b/c", "/a/.b/c"},
                                           {"a/", "a"},        {"...", "..."},
                                           {"/./", "/"},       {" \t\n\r", ""},
                                           {"a. ", "a."},      {"/a/ ", "/a"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *regular = paths_regular(cases[i][0]);
        assert_string_equal(regular, cases[i][1]);
        free(regular);
    }
}

static const char *get(const struct vars *vars, const char *name)
{
    const char *value = vars_get(vars, name);
    return value ? value : "(unset)";
}

static void test_counts(void **state)
{
    (void)state;
    struct vars vars = {0};
    const struct paths_change change = {.name = "P", .value = "/a"};
    vars_set(&vars, "P", "/user:/a:/user");
    paths_prepend(&vars, &change);
    assert_string_equal(get(&vars, "P"), "/a:/user");
    assert_string_equal(get(&vars, "__LMOD_REF_COUNT_P"), "/a:2;/user:2");
    paths_remove(&vars, &change);
    assert_string_equal(get(&vars, "P"), "/a:/user");
    paths_remove(&vars, &change);
    assert_string_equal(get(&vars, "P"), "/user");
    paths_remove(&vars, &(struct paths_change){.name = "P", .value = "/user", .whole = 1});
    assert_string_equal(get(&vars, "P"), "(unset)");
    assert_string_equal(get(&vars, "__LMOD_REF_COUNT_P"), "(unset)");
    vars_free(&vars);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_regular),
                                       cmocka_unit_test(test_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
