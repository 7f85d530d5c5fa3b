// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "folder.h"
#include "share.h"

// The current folder is the saved /proc. `words` and `environment` have their NULs written as '|'.
static void process(int pid, int parent, const char *exe, const char *words,
                    const char *environment)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "%d/stat", pid);
    snprintf(text, sizeof text, "%d (a) Z 9 (\n) S %d 1 1", pid, parent);
    folder_text(path, text);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%d/%s", pid, i ? "environ" : "cmdline");
        snprintf(text, sizeof text, "%s", i ? environment : words);
        size_t size = strlen(text);
        for (size_t k = 0; k < size; k++)
            if (text[k] == '|')
                text[k] = '\0';
        folder_write(path, text, size);
    }
    snprintf(path, sizeof path, "%d/exe", pid);
    assert_int_equal(symlink(exe, path), 0);
}

static void children(int parent, int thread, const char *pids)
{
    char path[64];
    snprintf(path, sizeof path, "%d/task/%d/children", parent, thread);
    folder_text(path, pids);
}

static unsigned share(unsigned budget, int self, int parent)
{
    const struct share_ask ask = {
        .proc = ".", .self = self, .parent = parent, .task = "run", .budget = budget};
    return share_find(&ask);
}

#define PYTHON "/opt/with blank\n/bin/python3.11"
#define TASK   "HOME=/home/a|LOPIN_TASK=run|B=2|"

static void alone_has_all(void **state)
{
    (void)state;
    assert_int_equal(share(8, 7, 5), 8); // nothing can be read
    process(5, 1, "/bin/bash", "bash|", "HOME=/home/a|LOPIN_TASK=run.2|");
    process(7, 5, PYTHON, "python|a.py|", TASK);
    process(8, 5, PYTHON, "python|a.py|", TASK);
    children(5, 5, "7 8 ");
    assert_int_equal(share(8, 7, 5), 8); // who started it is not of the task
}

static void of_a_runner(void **state)
{
    (void)state;
    process(5, 1, "/opt/bin/lopin", "lopin|map|", TASK); // started in another task
    process(7, 5, PYTHON, "python|a.py|", TASK);
    process(8, 5, PYTHON, "python|a.py|", TASK);
    children(5, 5, "7 8 ");
    assert_int_equal(share(8, 7, 5), 8);
}

static void children_of_all_threads(void **state)
{
    (void)state;
    process(5, 1, PYTHON, "python|a.py|", TASK);
    process(6, 5, PYTHON, "python|-E|-c|from multiprocessing.resource_tracker import main;|",
            TASK);
    process(7, 5, PYTHON, "python|b.py|", TASK);
    process(8, 5, PYTHON, "python|-W|x|b.py|-c|forkserver import main|",
            TASK); // a script's words
    process(9, 5, "/usr/bin/tee", "tee|log|", TASK);
    process(10, 5, PYTHON, "python|b.py|", TASK);
    process(11, 5, PYTHON, "python|-s|-c|from multiprocessing.forkserver import main|", TASK);
    children(5, 5, "6 7 8 9 11 ");
    children(5, 55, "10 404 "); // one has ended meanwhile
    assert_int_equal(share(8, 7, 5), 2);
    assert_int_equal(share(3, 7, 5), 1);
    assert_int_equal(share(2, 7, 5), 1);
}

static void through_shells(void **state)
{
    (void)state;
    process(4, 1, "/bin/bash", "bash|all.sh|", TASK);
    process(5, 4, "/usr/bin/xargs", "xargs|-P4|", TASK);
    process(6, 4, "/usr/bin/sleep", "sleep|9|", TASK);
    process(7, 5, "/bin/dash", "sh|-c|x|", TASK);
    process(8, 5, "/bin/dash", "sh|-c|x|", TASK);
    process(9, 5, "/usr/bin/xargs", "xargs|-P4|", TASK); // forked, not yet executed
    process(10, 7, PYTHON, "python|a.py|", TASK);
    process(1, 0, "/sbin/init", "init|", "A=1|");
    children(4, 4, "5 6 ");
    children(5, 5, "7 8 9 ");
    children(7, 7, "10 ");
    assert_int_equal(share(12, 10, 7), 4);
}

static void an_interpreter_has_divided(void **state)
{
    (void)state;
    process(4, 1, "/bin/bash", "bash|all.sh|", TASK);
    process(5, 4, PYTHON, "python|a.py|", TASK);
    process(6, 4, PYTHON, "python|a.py|", TASK);
    process(7, 5, PYTHON, "python|b.py|", TASK);
    children(4, 4, "5 6 ");
    children(5, 5, "7 ");
    assert_int_equal(share(4, 7, 5), 4);
    assert_int_equal(share(4, 5, 4), 2);
}

static void of_pools(void **state)
{
    (void)state;
    process(
        7, 5, PYTHON,
        "python|-E|-c|from multiprocessing.spawn import spawn_main;|--multiprocessing-fork|",
        TASK);
    assert_int_equal(share(8, 7, 5), 1);
    process(8, 5, PYTHON, "python|-X|dev|-m|joblib.externals.loky.backend.popen_loky_posix|",
            TASK);
    struct share_ask ask = {.proc = ".", .self = 8, .parent = 5, .task = "run", .budget = 8};
    assert_int_equal(share_find(&ask), 1);
    ask.worker = 4;
    assert_int_equal(share_find(&ask), 4);
    ask.worker = 8;
    assert_int_equal(share_find(&ask), 1);
    process(9, 5, PYTHON, "python|a.py|--multiprocessing-fork|", TASK); // a word of its own
    assert_int_equal(share(8, 9, 5), 8);
}

static void odd_words(void **state)
{
    (void)state;
    process(5, 1, PYTHON, "python|a.py|", TASK);
    process(7, 5, PYTHON, "", "");
    process(8, 5, PYTHON, "python|-W", "LOPIN_TASK=run");
    process(9, 5, PYTHON, "python|-c", "LOPIN_TASK");
    children(5, 5, "7 8 9 many");
    assert_int_equal(share(9, 7, 5), 3);
    assert_int_equal(share(9, 8, 5), 3);
    children(5, 5, "-1 0 99999999999999999999");
    assert_int_equal(share(9, 9, 5), 9);
    folder_text("5/stat", "5 (");
    assert_int_equal(share(1, 9, 5), 1);
}

#define IN_FOLDER(function)                                                                    \
    cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(alone_has_all),
        IN_FOLDER(of_a_runner),
        IN_FOLDER(children_of_all_threads),
        IN_FOLDER(through_shells),
        IN_FOLDER(an_interpreter_has_divided),
        IN_FOLDER(of_pools),
        IN_FOLDER(odd_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
