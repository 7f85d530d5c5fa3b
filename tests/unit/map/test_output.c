// SPDX-License-Identifier: Apache-2.0
// Outputs: the goal is the old one or the whole new one, and nothing of ours stays beside it.
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
#include "map/output.h"

#define KEY UINT64_C(0x0123456789abcdef)

enum what { NOTHING, A_FILE, EMPTY_FOLDER, FULL_FOLDER, A_LINK, LINK_TO_FOLDER, DANGLING };

static void make(const char *path, enum what what, const char *words)
{
    CLEANUP_FREE char *inner = mem_print("%s/sub/inner", path);
    switch (what) {
    case NOTHING: break;
    case A_FILE: folder_text(path, words); break;
    case EMPTY_FOLDER: assert_int_equal(mkdir(path, 0755), 0); break;
    case FULL_FOLDER: folder_text(inner, words); break;
    case A_LINK: assert_int_equal(symlink("/etc/passwd", path), 0); break;
    case LINK_TO_FOLDER: assert_int_equal(symlink("../elsewhere", path), 0); break;
    case DANGLING: assert_int_equal(symlink("nowhere", path), 0); break;
    }
}

static int holds(const char *path, enum what what, const char *words)
{
    struct stat st;
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *inner = mem_print("%s/sub/inner", path);
    if (lstat(path, &st) < 0)
        return what == NOTHING;
    switch (what) {
    case A_FILE:
        return S_ISREG(st.st_mode) && fs_read(AT_FDCWD, path, 100, &text, NULL) == 0 &&
               strcmp(text.text, words) == 0;
    case EMPTY_FOLDER: return S_ISDIR(st.st_mode) && access(inner, F_OK) < 0;
    case FULL_FOLDER:
        return S_ISDIR(st.st_mode) && fs_read(AT_FDCWD, inner, 100, &text, NULL) == 0 &&
               strcmp(text.text, words) == 0;
    case A_LINK:
    case LINK_TO_FOLDER:
    case DANGLING: return S_ISLNK(st.st_mode);
    case NOTHING:
    default: return 0;
    }
}

// Every kind of output over every kind of thing that may stand at its goal.
static void test_all_over_all(void **state)
{
    (void)state;
    folder_text("elsewhere/kept", "kept");
    for (enum what new = A_FILE; new <= DANGLING; new ++)
        for (enum what old = NOTHING; old <= DANGLING; old++) {
            CLEANUP_FREE char *goal =
                mem_print("%s/all-%u-%u/d.tar.gz", (char *)*state, new, old);
            CLEANUP_FREE char *folder = fs_folder(goal);
            CLEANUP_STR struct str temporary = {0};
            struct err err = {0};
            struct stat before, after;
            int64_t size = -1, mtime = -1, inode = -1;
            output_path(goal, &(struct output_maker){.run = 3, .key = KEY}, &temporary);
            assert_int_equal(fs_make_dirs(AT_FDCWD, folder, 0755, NULL), 0);
            make(goal, old, "old");
            assert_int_equal(output_prepare(temporary.text, 0, &err), 0);
            make(temporary.text, new, "new");
            assert_int_equal(lstat(temporary.text, &before), 0);
            if (output_publish(temporary.text, goal, &size, &mtime, &inode, &err) !=
                OUTPUT_PUBLISHED)
                fail_msg("%u over %u: %s", new, old, err.text);
            if (!holds(goal, new, "new"))
                fail_msg("%u over %u", new, old);
            assert_int_equal(lstat(goal, &after), 0);
            assert_true(after.st_ino == before.st_ino && (int64_t)after.st_ino == inode);
            if (S_ISREG(after.st_mode)) {
                assert_int_equal(size, after.st_size);
                assert_true(mtime ==
                            after.st_mtim.tv_sec * INT64_C(1000000000) + after.st_mtim.tv_nsec);
            }
            assert_int_equal(unlink(goal) == 0 || fs_remove(AT_FDCWD, goal) == 0, 1);
            assert_int_equal(rmdir(folder), 0); // so nothing else was in it
        }
    assert_true(holds("elsewhere/kept", A_FILE, "kept")); // where links lead nothing changed
}

static void test_path(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"/w/out/d01.tar.gz", "/w/out/.lopin-7-0123456789abcdef/d01.tar.gz"},
        {"/d01", "/.lopin-7-0123456789abcdef/d01"},
        {"/w/a b\n\xff", "/w/.lopin-7-0123456789abcdef/a b\n\xff"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        CLEANUP_STR struct str path = {0};
        output_path(table[i][0], &(struct output_maker){.run = 7, .key = KEY}, &path);
        assert_string_equal(str_text(&path), table[i][1]);
    }
}

// What an attempt before left is gone when the next one begins: also if it is a link to what is
// not ours.
static void test_prepare(void **state)
{
    (void)state;
    CLEANUP_FREE char *goal = mem_print("%s/deep/er/goal", (char *)*state);
    CLEANUP_STR struct str temporary = {0};
    output_path(goal, &(struct output_maker){.run = 1, .key = KEY}, &temporary);
    CLEANUP_FREE char *folder = fs_folder(temporary.text);
    assert_int_equal(output_prepare(temporary.text, 0, NULL), 0);
    make(temporary.text, FULL_FOLDER, "left");
    assert_int_equal(output_prepare(temporary.text, 0, NULL), 0);
    assert_true(holds(temporary.text, NOTHING, ""));
    assert_int_equal(rmdir(folder), 0);
    folder_text(folder, "a file");
    assert_int_equal(output_prepare(temporary.text, 0, NULL), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(symlink("../../elsewhere", folder), 0);
    assert_int_equal(output_prepare(temporary.text, 0, NULL), 0);
    struct stat st;
    assert_true(lstat(folder, &st) == 0 && S_ISDIR(st.st_mode));
    assert_true(holds("elsewhere/kept", A_FILE, "kept"));
    output_drop(temporary.text);
    assert_int_equal(access(folder, F_OK), -1);
    output_drop(temporary.text); // already gone
}

static void test_absent(void **state)
{
    (void)state;
    CLEANUP_FREE char *goal = mem_print("%s/absent/goal", (char *)*state);
    CLEANUP_STR struct str temporary = {0};
    struct err err = {0};
    int64_t unused = -1;
    output_path(goal, &(struct output_maker){.run = 1, .key = KEY}, &temporary);
    folder_text("absent/goal", "old");
    assert_int_equal(output_prepare(temporary.text, 0, NULL), 0);
    CLEANUP_FREE char *other =
        mem_print("%s.npz", temporary.text); // what a careless writer makes
    folder_text(other, "x");
    assert_int_equal(output_publish(temporary.text, goal, &unused, &unused, &unused, &err),
                     OUTPUT_REFUSED);
    assert_int_equal(err.code, ERR_NO_OUTPUT);
    assert_true(holds("absent/goal", A_FILE, "old"));
    assert_int_equal(unlink("absent/goal"), 0);
    assert_int_equal(rmdir("absent"), 0);
}

static int publish_closed(const char *state)
{
    CLEANUP_FREE char *goal = mem_print("%s/closed/goal", state);
    CLEANUP_FREE char *temporary = mem_print("%s/free/temporary/goal", state);
    struct err err = {0};
    int64_t unused = -1;
    if (output_prepare(temporary, 0, NULL) < 0)
        return 1;
    make(temporary, FULL_FOLDER, "new");
    if (output_publish(temporary, goal, &unused, &unused, &unused, &err) == OUTPUT_PUBLISHED)
        return 2;
    if (err.code != ERR_SYSTEM || !holds(goal, A_FILE, "old"))
        return 3;
    return access("free/temporary", F_OK) < 0 ? 0 : 4;
}

// Where the goal's folder may not be written in: an error, the old goal as it was, the
// temporary folder gone.
static void test_closed(void **state)
{
    (void)state;
    folder_text("closed/goal", "old");
    assert_int_equal(mkdir("free", 0777), 0);
    assert_int_equal(chmod("free", 0777), 0);
    assert_int_equal(chmod("closed", 0555), 0);
    assert_int_equal(chmod("closed/goal", 0644), 0);
    assert_int_equal(chmod(".", 0755), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(geteuid() == 0 && setresuid(65534, 65534, 65534) < 0 ? 9
                                                                   : publish_closed(*state));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
}

// The goal's folder went away while the task ran.
static void test_folder_gone(void **state)
{
    (void)state;
    CLEANUP_FREE char *goal = mem_print("%s/gone/goal", (char *)*state);
    CLEANUP_FREE char *temporary = mem_print("%s/elsewhere2/t/goal", (char *)*state);
    struct err err = {0};
    int64_t unused = -1;
    assert_int_equal(output_prepare(temporary, 0, NULL), 0);
    make(temporary, A_FILE, "new");
    assert_int_equal(output_publish(temporary, goal, &unused, &unused, &unused, &err),
                     OUTPUT_REFUSED);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_int_equal(access("elsewhere2/t", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_over_all), cmocka_unit_test(test_path),
        cmocka_unit_test(test_prepare),      cmocka_unit_test(test_absent),
        cmocka_unit_test(test_closed),       cmocka_unit_test(test_folder_gone),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
