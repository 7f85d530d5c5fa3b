// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "module/loaded.h"

static char name[] = "py", full[] = "py/3.9.6", file[] = "/m/py/3.9.6.lua", user[] = "py/3.9",
            key[] = "^00000003", odd_name[] = "a-b", odd_full[] = "a-b/1 \"x\"\\",
            odd_file[] = "/m/\xff", odd_user[] = "a-b", no_key[] = "";

static void fill(struct loaded *loaded)
{
    struct loaded_module module = {.name = name,
                                   .full = full,
                                   .file = file,
                                   .user = user,
                                   .key = key,
                                   .users = 2,
                                   .depth = 1};
    struct loaded_module odd = {.name = odd_name,
                                .full = odd_full,
                                .file = odd_file,
                                .user = odd_user,
                                .key = no_key,
                                .users = -1,
                                .status = LOADED_INACTIVE,
                                .order = -3};
    loaded_activate(loaded, loaded_put(loaded, &module));
    strv_add(&loaded_get(loaded, "py")->marks, "lmod\tsticky");
    strv_add(&loaded_get(loaded, "py")->marks, "arch\tgpu");
    strv_add(&loaded_get(loaded, "py")->marks, "lmod\tother");
    loaded_put(loaded, &odd);
    loaded_set_family(loaded, "interpreter", "py");
    loaded->base_path = mem_dup("/m\n");
}

static void test_both_ways(void **state)
{
    (void)state;
    CLEANUP_LOADED struct loaded loaded = {0}, again = {0};
    CLEANUP_VARS struct vars vars = {0};
    fill(&loaded);
    vars_set(&vars, "MODULEPATH", "/m:/n");
    for (int i = 1; i <= 9; i++) {
        char piece[] = "_ModuleTable001_";
        piece[14] = (char)('0' + i);
        vars_set(&vars, piece, "of a longer one");
    }
    loaded_write(&loaded, &vars);
    assert_string_equal(vars_get(&vars, "LOADEDMODULES"), "py/3.9.6");
    assert_string_equal(vars_get(&vars, "_LMFILES_"), "/m/py/3.9.6.lua");
    assert_null(vars_get(&vars, "_ModuleTable009_"));
    assert_int_equal(loaded_read(&again, &vars, NULL), 0);
    assert_int_equal(again.count, 2);
    const struct loaded_module *py = loaded_get(&again, "py"), *odd = loaded_get(&again, "a-b");
    assert_string_equal(py->user, user);
    assert_string_equal(py->key, key);
    assert_int_equal(py->users, 2);
    assert_int_equal(py->depth, 1);
    assert_true(loaded_is(py, "lmod", "sticky") && loaded_is(py, "lmod", "other") &&
                loaded_is(py, "arch", "gpu"));
    assert_string_equal(odd->full, odd_full);
    assert_string_equal(odd->file, odd_file);
    assert_int_equal(odd->status, LOADED_INACTIVE);
    assert_int_equal(odd->users, -1);
    assert_string_equal(loaded_family(&again, "interpreter"), "py");
    assert_string_equal(again.base_path, "/m\n");
}

// Environment Modules changes its lists and not the table.
static void test_lists_count(void **state)
{
    (void)state;
    CLEANUP_LOADED struct loaded loaded = {0}, again = {0}, alone = {0};
    CLEANUP_VARS struct vars vars = {0};
    fill(&loaded);
    loaded_write(&loaded, &vars);
    vars_set(&vars, "LOADEDMODULES", "gcc/12:x/y/1");
    vars_set(&vars, "_LMFILES_", "/m/gcc/12:/m/x/y/1");
    assert_int_equal(loaded_read(&again, &vars, NULL), 0);
    assert_null(loaded_get(&again, "py"));
    assert_non_null(loaded_get(&again, "a-b"));
    assert_string_equal(loaded_get(&again, "gcc")->file, "/m/gcc/12");
    assert_string_equal(loaded_version(loaded_get(&again, "x/y")), "1");
    vars_unset(&vars, "_ModuleTable_Sz_");
    assert_int_equal(loaded_read(&alone, &vars, NULL), 0);
    assert_int_equal(alone.count, 2);
}

// What Environment Modules loaded by itself, and for how many.
static void test_tags(void **state)
{
    (void)state;
    CLEANUP_LOADED struct loaded loaded = {0};
    CLEANUP_VARS struct vars vars = {0};
    vars_set(&vars, "LOADEDMODULES", "c/1:b/1:s/1:a/1");
    vars_set(&vars, "_LMFILES_", "/m/c/1:/m/b/1:/m/s/1:/m/a/1");
    vars_set(&vars, "__MODULES_LMTAG", "c/1&auto-loaded:b/1&x&auto-loaded:s/1&super-sticky");
    vars_set(&vars, "__MODULES_LMPREREQ", "b/1&c:a/1&b/1&x|c/1&&s");
    assert_int_equal(loaded_read(&loaded, &vars, NULL), 0);
    const struct loaded_module *c = loaded_get(&loaded, "c"), *b = loaded_get(&loaded, "b");
    assert_true(c->depth == 1 && c->users == 2 && b->depth == 1 && b->users == 1);
    assert_true(loaded_get(&loaded, "a")->depth == 0 && loaded_get(&loaded, "a")->users == -1);
    assert_true(loaded_is(loaded_get(&loaded, "s"), "lmod", "sticky"));
    assert_false(loaded_is(b, "lmod", "sticky"));
}

static void test_names(void **state)
{
    (void)state;
    CLEANUP_LOADED struct loaded loaded = {0};
    fill(&loaded);
    assert_non_null(loaded_find(&loaded, "py"));
    assert_non_null(loaded_find(&loaded, "py/3.9.6"));
    assert_null(loaded_find(&loaded, "py/3.9"));
    assert_null(loaded_find(&loaded, "p"));
    assert_null(loaded_find(&loaded, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways), cmocka_unit_test(test_lists_count),
        cmocka_unit_test(test_tags), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
