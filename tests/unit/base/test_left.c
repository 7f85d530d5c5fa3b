// SPDX-License-Identifier: Apache-2.0
// What processes left that are gone, and what is of those that may live.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/left.h"
#include "base/mem.h"
#include "base/space.h"
#include "folder.h"

enum { WEEK = 7 * 86400 };

static int is_there(const char *name)
{
    return access(name, F_OK) == 0;
}

static pid_t dead_pid(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    return pid;
}

// "./.x-HOST-SPACE-PID", of this host.
static char *name_of(unsigned long long space, long pid, const char *behind)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    return mem_print(".x-%s-%llx-%ld%s", host, space, pid, behind);
}

static void test_names(void **state)
{
    (void)state;
    char *name = left_name(".", ".x-");
    char *wanted = name_of(space_here(), (long)getpid(), "");
    assert_string_equal(name + 2, wanted);
    free(wanted);
    free(name);
}

static void test_whose(void **state)
{
    (void)state;
    long dead = (long)dead_pid();
    const struct {
        char *name;
        int now, later; // whether it stays
    } cases[] = {
        {name_of(space_here(), dead, ""), 0, 0},
        {name_of(space_here(), dead, "-part"), 0, 0},
        {name_of(space_here(), (long)getpid(), ""), 1, 1},
        {name_of(space_here(), (long)getpid(), "-part"), 1, 1},
        {name_of(space_here(), 0, "x"), 1, 1},       // no number
        {name_of(space_here() + 1, dead, ""), 1, 0}, // of another namespace
        {mem_print(".x-elsewhere-effffffc-%ld", dead), 1, 0},
        {mem_dup(".x"), 1, 1}, // nobody's
        {mem_dup("x-"), 1, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *inner = mem_print("%s/inner", cases[i].name);
        folder_text(inner, "");
        free(inner);
    }
    left_sweep(".", ".x-");
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(is_there(cases[i].name), cases[i].now);
    left_sweep_at(".", ".x-", time(NULL) + WEEK - 3600);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(is_there(cases[i].name), cases[i].now);
    left_sweep_at(".", ".x-", time(NULL) + WEEK + 3600);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(is_there(cases[i].name), cases[i].later);
        free(cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_whose, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
