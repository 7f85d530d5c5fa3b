// SPDX-License-Identifier: Apache-2.0
// The kernel's list format in and out, and the walk over members.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cmocka.h"
#include "machine/cpuset.h"

static const struct {
    const char *text, *list; // list NULL: an error
    unsigned count;
} parses[] = {
    {"", "", 0},
    {"\n", "", 0},
    {"0", "0", 1},
    {"0-3,8\n", "0-3,8", 5},
    {"8,0-3", "0-3,8", 5},
    {"1,3,5,2", "1-3,5", 4},
    {"0-1,1-2", "0-2", 3},
    {"63-64", "63-64", 2},
    {"4095", "4095", 1},
    {"0-4095", "0-4095", 4096},
    {"0-31:2/4", "0-1,4-5,8-9,12-13,16-17,20-21,24-25,28-29", 16},
    {"1-9:1/3", "1,4,7", 3},
    {"0-7:4/4", "0-7", 8},
    {"0-7:0/4", "", 0},
    {"4096", NULL, 0},
    {"0-4096", NULL, 0},
    {"99999999999999999999", NULL, 0},
    {"3-1", NULL, 0},
    {"1,", NULL, 0},
    {",1", NULL, 0},
    {"1,,2", NULL, 0},
    {"1-", NULL, 0},
    {"-1", NULL, 0},
    {"a", NULL, 0},
    {"1 2", NULL, 0},
    {"0-7:5/4", NULL, 0},
    {"0-7:1/0", NULL, 0},
    {"0-7:1", NULL, 0},
    {"0-7:1/", NULL, 0},
    {"3:1/2", NULL, 0},
    {"1\n2", NULL, 0},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parses); i++) {
        struct cpuset set = {{0x10}};
        struct err err = {0};
        print_message("# row %zu\n", i);
        int status = cpuset_parse(parses[i].text, &set, &err);
        assert_int_equal(status, parses[i].list ? 0 : -1);
        if (!parses[i].list) {
            assert_int_equal(err.code, ERR_USAGE);
            assert_int_equal(set.bits[0], 0x10);
            continue;
        }
        CLEANUP_STR struct str text = {0};
        cpuset_format(&set, &text);
        assert_string_equal(str_text(&text), parses[i].list);
        assert_int_equal(cpuset_count(&set), parses[i].count);
    }
}

static void test_walk(void **state)
{
    (void)state;
    static const int members[] = {0, 1, 63, 64, 127, 200, 4095};
    struct cpuset set = {0};
    assert_int_equal(cpuset_first(&set), -1);
    for (size_t i = 0; i < COUNT(members); i++)
        cpuset_add(&set, (unsigned)members[i]);
    cpuset_add(&set, CPUSET_MAX); // ignored
    size_t seen = 0;
    for (int cpu = cpuset_first(&set); cpu >= 0; cpu = cpuset_next(&set, cpu))
        assert_int_equal(cpu, members[seen++]);
    assert_int_equal(seen, COUNT(members));
    assert_int_equal(cpuset_count(&set), COUNT(members));
    assert_true(cpuset_has(&set, 200));
    assert_false(cpuset_has(&set, 201));
    assert_false(cpuset_has(&set, CPUSET_MAX));
}

static void test_algebra(void **state)
{
    (void)state;
    struct cpuset a, b, set;
    cpuset_parse("0-7,100", &a, NULL);
    cpuset_parse("4-11", &b, NULL);
    CLEANUP_STR struct str text = {0};
    set = a;
    cpuset_and(&set, &b);
    cpuset_format(&set, &text);
    str_add(&text, " ");
    set = a;
    cpuset_or(&set, &b);
    cpuset_format(&set, &text);
    str_add(&text, " ");
    set = a;
    cpuset_minus(&set, &b);
    cpuset_format(&set, &text);
    assert_string_equal(text.text, "4-7 0-11,100 0-3,100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_algebra),
    };
    return cmocka_run_group_tests_name("cpuset", tests, NULL, NULL);
}
