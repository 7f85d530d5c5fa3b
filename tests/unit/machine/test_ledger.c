// SPDX-License-Identifier: Apache-2.0
// The ledger: one holder a core and level, released at death, and nothing odd in its place is
// touched, followed or waited for.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "machine/ledger.h"

static int set_up(void **state)
{
    char folder[] = "/tmp/lopin-ledger-XXXXXX";
    *state = mkdtemp(folder) ? mem_dup(folder) : NULL;
    return !*state || chdir(*state) < 0;
}

static int tear_down(void **state)
{
    int failed = chdir("/") < 0 || fs_remove(AT_FDCWD, *state) < 0;
    free(*state);
    return failed;
}

static struct ledger open_one(unsigned level)
{
    struct ledger ledger;
    struct err err = {0};
    if (ledger_open("cores", level, &ledger, &err) < 0)
        fail_msg("%s", err.text);
    return ledger;
}

static void expect_busy(const struct ledger *ledger, const char *expected)
{
    struct cpuset busy;
    CLEANUP_STR struct str text = {0};
    ledger_busy(ledger, &busy);
    cpuset_format(&busy, &text);
    assert_string_equal(str_text(&text), expected);
}

static void test_one_holder(void **state)
{
    (void)state;
    struct ledger a = open_one(0), b = open_one(0);
    expect_busy(&a, "");
    assert_true(ledger_take(&a, 3) && ledger_take(&a, 4) && ledger_take(&a, 64));
    assert_true(ledger_take(&a, 3)); // it is ours
    expect_busy(&a, "");             // ours are not busy
    expect_busy(&b, "3-4,64");
    assert_false(ledger_take(&b, 4));
    assert_true(ledger_take(&b, 5) && ledger_take(&b, CPUSET_MAX - 1));
    ledger_leave(&a, 4);
    expect_busy(&b, "3,64");
    expect_busy(&a, "5,4095");
    assert_true(ledger_take(&b, 4));
    ledger_close(&a);
    expect_busy(&b, "");
    ledger_close(&b);
}

static void test_levels_do_not_see_each_other(void **state)
{
    (void)state;
    struct ledger outer = open_one(0), inner = open_one(1), beside = open_one(1);
    struct ledger deep = open_one(1000000);
    assert_int_equal(deep.level, LEDGER_LEVELS - 1);
    assert_true(ledger_take(&outer, 0) && ledger_take(&inner, 0) && ledger_take(&deep, 0));
    assert_false(ledger_take(&beside, 0));
    expect_busy(&beside, "0");
    assert_true(ledger_take_turn(&outer) && ledger_take_turn(&inner));
    assert_false(ledger_take_turn(&beside));
    ledger_leave_turn(&inner);
    assert_true(ledger_take_turn(&beside));
    ledger_close(&outer);
    ledger_close(&inner);
    ledger_close(&beside);
    ledger_close(&deep);
}

static void test_places(void **state)
{
    (void)state;
    enum { KEY = 12345 };
    struct ledger a = open_one(0), b = open_one(0), inner = open_one(1);
    assert_int_equal(ledger_take_places(&a, KEY, 3, 2), 2);
    assert_int_equal(ledger_take_places(&a, KEY, 3, 2), 2); // they are ours
    assert_int_equal(ledger_places_busy(&a, KEY, 3), 0);
    assert_int_equal(ledger_places_busy(&b, KEY, 3), 2);
    assert_int_equal(ledger_places_busy(&b, KEY + 1, 3), 0);
    assert_int_equal(ledger_places_busy(&inner, KEY, 3), 0);
    expect_busy(&b, ""); // they are no cores, nor the turn
    assert_true(ledger_take_turn(&b));
    assert_int_equal(ledger_take_places(&b, KEY, 3, 3), 1);
    assert_int_equal(ledger_take_places(&a, KEY, 3, 1), 1); // leaves one
    assert_int_equal(ledger_take_places(&b, KEY, 3, 3), 2);
    assert_int_equal(ledger_take_places(&a, KEY, 3, 0), 0);
    assert_int_equal(ledger_places_busy(&a, KEY, 3), 2);
    ledger_close(&b);
    assert_int_equal(ledger_places_busy(&a, KEY, 3), 0);
    assert_int_equal(ledger_take_places(&a, UINT64_MAX, (size_t)CPUSET_MAX + 9, CPUSET_MAX + 9),
                     CPUSET_MAX);
    ledger_close(&a);
    ledger_close(&inner);
}

static void test_a_killed_holder_has_none(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (!pid) {
        struct ledger theirs = open_one(0);
        if (ledger_take(&theirs, 7) && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct ledger ours = open_one(0);
    expect_busy(&ours, "7");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    expect_busy(&ours, "");
    assert_true(ledger_take(&ours, 7));
    ledger_close(&ours);
    close(ready[0]);
    close(ready[1]);
}

static void test_replaced(void **state)
{
    (void)state;
    struct ledger ours = open_one(0);
    assert_true(ledger_is_there(&ours, "cores"));
    assert_int_equal(unlink("cores"), 0);
    assert_false(ledger_is_there(&ours, "cores"));
    struct ledger theirs = open_one(0);
    assert_false(ledger_is_there(&ours, "cores"));
    assert_true(ledger_is_there(&theirs, "cores"));
    ledger_close(&ours);
    ledger_close(&theirs);
}

static void test_made_for_everybody(void **state)
{
    (void)state;
    mode_t before = umask(077);
    struct ledger ledger = open_one(0);
    umask(before);
    struct stat st;
    assert_int_equal(stat("cores", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    assert_int_equal(st.st_size, 0);
    assert_true(ledger.fd > 2);
    ledger_close(&ledger);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(name, mode), 0);
}

static void test_hostile(void **state)
{
    (void)state;
    write_file("victim", "theirs", 0666);
    write_file("full", "text", 0666);
    write_file("narrow", "", 0600);
    write_file("twice", "", 0666);
    assert_int_equal(link("twice", "twice.2"), 0);
    assert_int_equal(symlink("victim", "link") | symlink("nowhere", "dangling"), 0);
    assert_int_equal(mkfifo("fifo", 0666) | chmod("fifo", 0666), 0);
    assert_int_equal(mkdir("folder", 0777), 0);
    static const char *const odd[] = {"full",         "narrow",   "twice",      "link",
                                      "dangling",     "fifo",     "folder",     "/dev/null",
                                      "/dev/console", "no/cores", "cores/cores"};
    for (size_t i = 0; i < COUNT(odd); i++) {
        struct ledger ledger = {.fd = 77};
        struct err err = {0};
        if (ledger_open(odd[i], 0, &ledger, &err) != -1 || ledger.fd || !*err.text)
            fail_msg("%s was taken", odd[i]);
    }
    CLEANUP_STR struct str text = {0};
    assert_int_equal(fs_read(AT_FDCWD, "victim", 100, &text, NULL), 0);
    assert_string_equal(text.text, "theirs");
    assert_int_equal(access("nowhere", F_OK), -1);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_one_holder), IN_FOLDER(test_levels_do_not_see_each_other),
        IN_FOLDER(test_places),     IN_FOLDER(test_a_killed_holder_has_none),
        IN_FOLDER(test_replaced),   IN_FOLDER(test_made_for_everybody),
        IN_FOLDER(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
