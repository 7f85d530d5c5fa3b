// SPDX-License-Identifier: Apache-2.0
// What a new folder of packages takes over from the old one, and what is left to do afterwards.
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "cmocka.h"
#include "env/keep.h"
#include "env/pending.h"
#include "folder.h"

static const char record[] =
    "a/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
    "a/deep/x.py,,\n"
    "\"a/co,mma.txt\",,\n"
    "linked,,\n"
    "top.py,,\n"
    "a-1.dist-info/RECORD,,\n"
    "../../../bin/a,,\n"
    "a/../../b.py,,\n"
    "/abs/c.py,,\n";

static void test_record(void **state)
{
    struct arena arena = {0};
    struct table gone = {0};
    struct err err = {0};
    CLEANUP_STRV struct strv outside = {0};
    CLEANUP_STR struct str text = {0};
    (void)state;
    str_add(&text, record);
    assert_int_equal(keep_read_record(&text, &arena, &gone, &outside, &err), 0);
    static const char *const there[] = {"a/__init__.py",
                                        "a/__pycache__/__init__.",
                                        "a/deep/x.py",
                                        "a/deep/__pycache__/x.",
                                        "a/co,mma.txt",
                                        "linked",
                                        "top.py",
                                        "__pycache__/top.",
                                        "a-1.dist-info/RECORD"};
    for (size_t i = 0; i < COUNT(there); i++)
        assert_non_null(table_get(&gone, there[i]));
    assert_int_equal(gone.count, COUNT(there));
    assert_int_equal(outside.count, 3);
    assert_string_equal(outside.item[0], "../../../bin/a");
    assert_string_equal(outside.item[1], "a/../../b.py");
    assert_string_equal(outside.item[2], "/abs/c.py");
    table_free(&gone);
    arena_free(&arena);
}

static int there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static void test_copy(void **state)
{
    struct arena arena = {0};
    struct table gone = {0};
    struct layout layout = {0};
    struct err err = {0};
    CLEANUP_STR struct str text = {0};
    struct stat one, two;
    static const char *const goes[] = {"a/__init__.py",
                                       "a/__pycache__/__init__.cpython-311.pyc",
                                       "a/__pycache__/__init__.cpython-311.opt-1.pyc",
                                       "a/deep/x.py",
                                       "a/co,mma.txt",
                                       "top.py",
                                       "__pycache__/top.cpython-36.pyc",
                                       "a-1.dist-info/RECORD"};
    static const char *const stays[] = {"a/mine.py", "a/__pycache__/mine.cpython-311.pyc",
                                        "b/__init__.py", "__pycache__/topper.cpython-311.pyc",
                                        "toppy.py"};
    (void)state;
    str_add(&text, record);
    for (size_t i = 0; i < COUNT(goes); i++) {
        CLEANUP_FREE char *path = mem_print("old/%s", goes[i]);
        folder_text(path, "goes");
    }
    for (size_t i = 0; i < COUNT(stays); i++) {
        CLEANUP_FREE char *path = mem_print("old/%s", stays[i]);
        folder_text(path, "stays");
    }
    assert_int_equal(symlink("/store/linked", "old/linked"), 0);
    assert_int_equal(symlink("/store/other", "old/other"), 0);
    assert_int_equal(chmod("old/b/__init__.py", 0751), 0);
    assert_int_equal(mkdir("new", 0755), 0);
    assert_int_equal(keep_read_record(&text, &arena, &gone, NULL, &err), 0);
    int from = folder_fd("old");
    int into = folder_fd("new");
    assert_int_equal(keep_copy(from, into, &gone, &layout, &err), 0);
    close(from);
    close(into);
    for (size_t i = 0; i < COUNT(goes); i++) {
        CLEANUP_FREE char *path = mem_print("new/%s", goes[i]);
        assert_false(there(path));
    }
    for (size_t i = 0; i < COUNT(stays); i++) {
        CLEANUP_FREE char *before = mem_print("old/%s", stays[i]);
        CLEANUP_FREE char *after = mem_print("new/%s", stays[i]);
        assert_int_equal(lstat(before, &one), 0);
        assert_int_equal(lstat(after, &two), 0);
        assert_int_equal(one.st_ino, two.st_ino);
        assert_non_null(table_get(&layout.place, stays[i]));
    }
    assert_false(there("new/linked"));
    assert_false(there("new/a/deep")); // empty now
    assert_false(there("new/a-1.dist-info"));
    char target[32] = "";
    assert_int_equal(readlink("new/other", target, sizeof target - 1), strlen("/store/other"));
    assert_string_equal(target, "/store/other");
    assert_non_null(table_get(&layout.place, "a"));
    layout_free(&layout);
    table_free(&gone);
    arena_free(&arena);
}

static void assert_text(const char *path, const char *text)
{
    CLEANUP_STR struct str found = {0};
    assert_int_equal(fs_read(AT_FDCWD, path, 100, &found, NULL), 0);
    assert_string_equal(str_text(&found), text);
}

static void test_pending(void **state)
{
    CLEANUP_STRV struct strv renames = {0};
    CLEANUP_STRV struct strv removals = {0};
    struct err err = {0};
    const char *prefix = *state;
    CLEANUP_FREE char *packages = mem_print("%s/lib", prefix);
    const struct site site = {.prefix = (char *)prefix, .packages = packages};
    folder_text("bin/.lopin-1-0", "new a");
    folder_text("bin/.lopin-1-1", "new b c");
    folder_text("bin/a", "old a");
    folder_text("bin/gone", "x");
    assert_int_equal(mkdir("lib", 0755), 0);
    static const char *const words[] = {"bin/.lopin-1-0", "bin/a", "bin/.lopin-1-1",
                                        "bin/b c\n%"};
    for (size_t i = 0; i < COUNT(words); i++)
        strv_add(&renames, words[i]);
    strv_add(&removals, "bin/gone");
    strv_add(&removals, "bin/never was");
    int into = folder_fd("lib");
    for (int again = 0; again < 2; again++) { // the second time all of it is done already
        assert_int_equal(pending_write(into, &renames, &removals, &err), 0);
        assert_true(there("lib/.lopin-pending"));
        assert_int_equal(pending_finish(&site, &err), 0);
        assert_text("bin/a", "new a");
        assert_text("bin/b c\n%", "new b c");
        assert_false(there("bin/gone"));
        assert_false(there("lib/.lopin-pending"));
    }
    assert_int_equal(pending_finish(&site, &err), 0); // nothing is pending
    renames.count = removals.count = 0;
    assert_int_equal(pending_write(into, &renames, &removals, &err), 0);
    assert_false(there("lib/.lopin-pending"));
    close(into);
    renames.count = COUNT(words);
    removals.count = 2;
}

// A command of the package that goes and of the one that comes has the same name.
static void test_pending_order(void **state)
{
    CLEANUP_STRV struct strv renames = {0};
    CLEANUP_STRV struct strv removals = {0};
    const char *prefix = *state;
    CLEANUP_FREE char *packages = mem_print("%s/lib", prefix);
    const struct site site = {.prefix = (char *)prefix, .packages = packages};
    folder_text("bin/a", "old");
    folder_text("bin/.new", "new");
    assert_int_equal(mkdir("lib", 0755), 0);
    strv_add(&renames, "bin/.new");
    strv_add(&renames, "bin/a");
    strv_add(&removals, "bin/a");
    int into = folder_fd("lib");
    assert_int_equal(pending_write(into, &renames, &removals, NULL), 0);
    close(into);
    // killed after the last step, before the list went: it is done once more
    CLEANUP_STR struct str list = {0};
    assert_int_equal(fs_read(AT_FDCWD, "lib/.lopin-pending", 1000, &list, NULL), 0);
    assert_int_equal(pending_finish(&site, NULL), 0);
    assert_text("bin/a", "new");
    folder_text("lib/.lopin-pending", list.text);
    assert_int_equal(pending_finish(&site, NULL), 0);
    assert_text("bin/a", "new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),
        cmocka_unit_test_setup_teardown(test_copy, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_pending, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_pending_order, folder_setup, folder_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
