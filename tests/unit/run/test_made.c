// SPDX-License-Identifier: Apache-2.0
// Goals that are there already: ours if a journal says so and they are as it left them, else
// nobody's to replace.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "run/folder.h"
#include "run/journal.h"
#include "run/made.h"

// A file or folder in the current project, and a run whose journal says that it made it.
static char *publish(const char *cwd, const char *name, int is_folder, enum task_state task)
{
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
    struct stat st;
    char *path = mem_print("%s/%s", cwd, name);
    if (is_folder)
        assert_int_equal(mkdir(path, 0755), 0);
    else
        folder_text(path, "made by a run");
    assert_int_equal(folder_make(cwd, &folder, NULL), 0);
    assert_int_equal(lstat(path, &st), 0);
    const struct record record = {
        .kind = RECORD_END,
        .key = 1,
        .state = task,
        .output = path,
        .output_size = st.st_size,
        .output_mtime = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
        .output_inode = (int64_t)st.st_ino,
    };
    struct journal *journal = journal_new(folder.fd, 0, 0, NULL);
    assert_non_null(journal);
    assert_int_equal(journal_write(journal, &record, NULL), 0);
    journal_free(journal);
    return path;
}

static void expect(const char *cwd, const char *goal, int ours)
{
    struct err err = {0};
    int result = made_check(cwd, &goal, 1, NULL, &err);
    if (result != (ours ? 0 : -1))
        fail_msg("%s: %s", goal, err.text);
    assert_int_equal(err.code, ours ? ERR_NONE : ERR_OUTPUT_EXISTS);
    assert_true(ours || strstr(err.text, goal));
}

static void set_time(const char *path, time_t second)
{
    const struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void test_changed(void **state)
{
    const char *cwd = *state;
    CLEANUP_FREE char *file = publish(cwd, "file", 0, TASK_DONE);
    CLEANUP_FREE char *folder = publish(cwd, "folder", 1, TASK_DONE);
    CLEANUP_FREE char *failed = publish(cwd, "failed", 0, TASK_FAILED);
    CLEANUP_FREE char *absent = mem_print("%s/absent", cwd);
    CLEANUP_FREE char *foreign = mem_print("%s/foreign", cwd);
    folder_text("foreign", "");
    expect(cwd, file, 1);
    expect(cwd, folder, 1);
    expect(cwd, absent, 1);
    expect(cwd, failed, 0);
    expect(cwd, foreign, 0);
    folder_text("folder/inner", ""); // of a folder only that it is the same counts
    expect(cwd, folder, 1);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    set_time(file, 1000); // somebody touched it
    expect(cwd, file, 0);
    const struct timespec times[2] = {st.st_mtim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
    expect(cwd, file, 1);
    CLEANUP_CLOSE int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1); // longer, with the time that it had
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
    expect(cwd, file, 0);
    assert_int_equal(ftruncate(fd, st.st_size), 0);
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
    expect(cwd, file, 1);
    assert_int_equal(rename(file, foreign), 0); // another file with its size and time
    folder_text(file, "made by a run");
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
    expect(cwd, file, 0);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink("nowhere", file), 0);
    expect(cwd, file, 0);
}

static void test_many(void **state)
{
    const char *cwd = *state;
    CLEANUP_FREE char *ours = publish(cwd, "m1", 0, TASK_DONE);
    CLEANUP_FREE char *second = publish(cwd, "m2", 0, TASK_DONE);
    CLEANUP_FREE char *foreign = mem_print("%s/m3", cwd);
    CLEANUP_FREE char *other = mem_print("%s/m4", cwd);
    CLEANUP_FREE char *absent = mem_print("%s/m5", cwd);
    const char *const goal[] = {ours, absent, foreign, second, other};
    uint8_t skip[5] = {0};
    struct err err = {0};
    folder_text("m3", "");
    folder_text("m4", "");
    assert_int_equal(made_check(cwd, goal, 5, NULL, &err), -1);
    assert_int_equal(err.code, ERR_OUTPUT_EXISTS);
    assert_non_null(strstr(err.text, foreign));
    assert_non_null(strstr(err.hint, "2"));
    skip[2] = 1;
    assert_int_equal(made_check(cwd, goal, 5, skip, &err), -1);
    assert_non_null(strstr(err.text, other));
    skip[4] = 1;
    assert_int_equal(made_check(cwd, goal, 5, skip, NULL), 0);
    assert_int_equal(made_check(cwd, goal, 0, NULL, NULL), 0);
    // A run of a later version or without a journal says nothing.
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
    assert_int_equal(folder_make(cwd, &folder, NULL), 0);
    CLEANUP_FREE char *journal = mem_print("%s/journal.0-0", folder.path);
    folder_text(journal, "lopin-journal 2\n");
    assert_int_equal(made_check(cwd, goal, 2, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
