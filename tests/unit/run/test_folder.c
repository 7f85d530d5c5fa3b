// SPDX-License-Identifier: Apache-2.0
// Runs of a project: a number is had by one only, foreign entries are no runs, and names find
// the newest.
#include <fcntl.h>
#include <setjmp.h>
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
#include "folder.h"
#include "run/folder.h"
#include "run/spec.h"

#define CHILDREN 4
#define EACH     25

// A project of its own for each test. Yours.
static char *project(const char *name)
{
    assert_int_equal(mkdir(name, 0777), 0);
    char *path = realpath(name, NULL);
    assert_non_null(path);
    return path;
}

// NULL: a run that lost its run.json.
static unsigned make(const char *cwd, const char *name)
{
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
    struct err err = {0};
    if (folder_make(cwd, &folder, &err) < 0)
        fail_msg("%s", err.text);
    if (name) {
        struct spec spec = {.slots = 1};
        spec.name = mem_dup(name);
        spec.cwd = mem_dup(cwd);
        spec.script = mem_dup("a");
        spec.script_path = mem_dup("/a");
        spec.program = mem_dup("/a");
        strv_add(&spec.launch, "a");
        assert_int_equal(spec_save(&spec, folder.fd, NULL), 0);
        spec_free(&spec);
    } else {
        int fd = openat(folder.fd, "journal.0-0", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    return folder.number;
}

static void expect_found(const char *cwd, const char *which, unsigned number)
{
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
    struct err err = {0};
    int result = folder_find(cwd, which, &folder, &err);
    if (result != (number ? 0 : -1) || (number && folder.number != number))
        fail_msg("%s: %u %s", which ? which : "NULL", folder.number, err.text);
    assert_int_equal(err.code, number ? ERR_NONE : ERR_NO_RUN);
    struct stat st;
    assert_true(!number || (fstat(folder.fd, &st) == 0 && S_ISDIR(st.st_mode)));
}

static void test_make(void **state)
{
    (void)state;
    CLEANUP_FREE char *cwd = project("make");
    struct stat st;
    size_t count = 9;
    assert_null(folder_list(cwd, &count));
    assert_int_equal(count, 0);
    expect_found(cwd, NULL, 0);
    expect_found(cwd, "1", 0);
    for (unsigned i = 1; i <= 12; i++)
        assert_int_equal(make(cwd, NULL), i);
    assert_int_equal(stat("make/.lopin", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat("make/.lopin/runs/3", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat("make/.lopin/.gitignore", &st), 0);
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    assert_int_equal(count, 12);
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(numbers[i], i + 1);
    expect_found(cwd, NULL, 12);
    expect_found(cwd, "last", 12);
    expect_found(cwd, "7", 7);
    expect_found(cwd, "13", 0);
    expect_found(cwd, "0", 0);
    // a start that was killed before it was a run
    struct folder begun CLEANUP_FOLDER = FOLDER_NONE;
    assert_int_equal(folder_make(cwd, &begun, NULL), 0);
    assert_int_equal(begun.number, 13);
    assert_false(folder_is_run(cwd, 13));
    assert_true(folder_is_run(cwd, 12));
    expect_found(cwd, NULL, 12);
    expect_found(cwd, "13", 13);
    assert_int_equal(make(cwd, NULL), 14);
    expect_found(cwd, "last", 14);
}

// Processes that start at once each get numbers of their own.
static void test_race(void **state)
{
    (void)state;
    CLEANUP_FREE char *cwd = project("race");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (int child = 0; child < CHILDREN; child++)
        if (fork() == 0) {
            unsigned number[EACH];
            for (int i = 0; i < EACH; i++) {
                struct folder folder = FOLDER_NONE;
                if (folder_make(cwd, &folder, NULL) < 0)
                    _exit(1);
                number[i] = folder.number;
                folder_free(&folder);
            }
            _exit(write(ends[1], number, sizeof number) == (ssize_t)sizeof number ? 0 : 1);
        }
    close(ends[1]);
    unsigned seen[CHILDREN * EACH + 1] = {0};
    unsigned number;
    size_t count = 0;
    while (read(ends[0], &number, sizeof number) == (ssize_t)sizeof number) {
        assert_true(number >= 1 && number < COUNT(seen));
        assert_int_equal(seen[number]++, 0);
        count++;
    }
    close(ends[0]);
    for (int child = 0; child < CHILDREN; child++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count, CHILDREN * EACH);
}

static void test_foreign(void **state)
{
    (void)state;
    static const char *const folders[] = {"0",  "007", "x",           "3x",
                                          "-1", " 4",  "99999999999", "+2"};
    CLEANUP_FREE char *cwd = project("foreign");
    make(cwd, NULL);
    make(cwd, NULL);
    for (size_t i = 0; i < COUNT(folders); i++) {
        CLEANUP_FREE char *path = mem_print("foreign/.lopin/runs/%s", folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    folder_text("foreign/.lopin/runs/50", "a file with the name of a run");
    size_t count;
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    assert_int_equal(count, 2);
    assert_int_equal(numbers[1], 2);
    expect_found(cwd, NULL, 2);
    expect_found(cwd, "7", 0);
    expect_found(cwd, "50", 0);
    // A run that was moved to another disk is one.
    assert_int_equal(rename("foreign/.lopin/runs/2", "foreign/moved"), 0);
    assert_int_equal(symlink("../../moved", "foreign/.lopin/runs/2"), 0);
    expect_found(cwd, NULL, 2);
    assert_int_equal(make(cwd, NULL), 3);
}

static void test_names(void **state)
{
    (void)state;
    CLEANUP_FREE char *cwd = project("names");
    make(cwd, "fit");
    make(cwd, "scan");
    make(cwd, "fit");
    make(cwd, NULL); // without a run.json
    make(cwd, "sc\xff\n%");
    expect_found(cwd, "fit", 3);
    expect_found(cwd, "scan", 2);
    expect_found(cwd, "sc\xff\n%", 5);
    expect_found(cwd, "sca", 0);
    expect_found(cwd, "", 0);
    expect_found(cwd, "../runs/1", 0);
}

static void test_last(void **state)
{
    (void)state;
    CLEANUP_FREE char *cwd = project("last");
    char target[64] = "";
    make(cwd, NULL);
    make(cwd, NULL);
    folder_mark_last(cwd, 1);
    folder_mark_last(cwd, 2);
    assert_int_equal(readlink("last/.lopin/last", target, sizeof target - 1), 6);
    assert_string_equal(target, "runs/2");
    unlink("last/.lopin/last");
    assert_int_equal(mkdir("last/.lopin/last", 0700), 0);
    folder_mark_last(cwd, 1); // no harm
    struct stat st;
    assert_int_equal(lstat("last/.lopin/last", &st), 0);
    assert_true(S_ISDIR(st.st_mode));
}

static void test_drop(void **state)
{
    (void)state;
    CLEANUP_FREE char *cwd = project("drop");
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
    make(cwd, NULL);
    assert_int_equal(folder_make(cwd, &folder, NULL), 0);
    folder_text("drop/.lopin/runs/2/logs/file", "x");
    folder_drop(&folder);
    assert_int_equal(access("drop/.lopin/runs/2", F_OK), -1);
    assert_int_equal(make(cwd, NULL), 2);
    struct folder none CLEANUP_FOLDER = FOLDER_NONE;
    folder_drop(&none);
}

// Somebody whom modes hold, in a folder that he may only read.
static void test_read_only(void **state)
{
    (void)state;
    CLEANUP_FREE char *cwd = project("closed");
    CLEANUP_FREE char *made = project("halfway");
    make(made, NULL);
    assert_int_equal(chmod("halfway/.lopin", 0755), 0);
    assert_int_equal(chmod("halfway/.lopin/runs", 0555), 0);
    assert_int_equal(chmod("closed", 0555), 0);
    assert_int_equal(chmod("halfway", 0755), 0);
    assert_int_equal(chmod(".", 0755), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct err first = {0}, second = {0};
        struct folder folder = FOLDER_NONE;
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
            _exit(1);
        if (folder_make(cwd, &folder, &first) == 0 || folder_make(made, &folder, &second) == 0)
            _exit(2);
        _exit(first.code == ERR_SYSTEM && second.code == ERR_SYSTEM && folder.fd < 0 ? 0 : 3);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(access("closed/.lopin", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),      cmocka_unit_test(test_race),
        cmocka_unit_test(test_foreign),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_last),      cmocka_unit_test(test_drop),
        cmocka_unit_test(test_read_only),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
