// SPDX-License-Identifier: Apache-2.0
// Files: replaced whole or not at all, removed without following links, folders made where they
// can be.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"

#define NOBODY 65534
#define ROUNDS 300

static int there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static void expect_text(const char *path, const char *text)
{
    CLEANUP_STR struct str found = {0};
    assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &found, NULL), 0);
    assert_string_equal(str_text(&found), text);
}

static int entries(const char *path)
{
    CLEANUP_FREE char *line = mem_print("ls -A '%s' | wc -l", path);
    FILE *stream = popen(line, "r");
    int count = -1;
    assert_int_equal(fscanf(stream, "%d", &count), 1);
    pclose(stream);
    return count;
}

// In a child, as somebody whom modes hold: the result of `body` as exit status.
static int as_nobody(int (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit((geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0) ? 99 : body());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_read(void **state)
{
    (void)state;
    CLEANUP_STR struct str text = {0};
    struct err err = {0};
    folder_text("read", "12345678");
    str_add(&text, "0");
    assert_int_equal(fs_read(AT_FDCWD, "read", 8, &text, &err), 0);
    assert_string_equal(text.text, "012345678");
    assert_int_equal(fs_read(AT_FDCWD, "read", 7, &text, &err), -1);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_int_equal(fs_read(AT_FDCWD, ".", 100, &text, &err), -1);
    errno = 0;
    assert_int_equal(fs_read(AT_FDCWD, "absent", 100, &text, &err), -1);
    assert_int_equal(errno, ENOENT);
    str_free(&text);
    folder_text("read", "");
    assert_int_equal(fs_read(AT_FDCWD, "read", 0, &text, &err), 0);
    assert_non_null(text.text);
    assert_int_equal(fs_read(AT_FDCWD, "/proc/self/stat", 4096, &text, &err), 0); // size 0
    assert_true(text.size > 10);
}

// A reader beside the writer sees one whole version or the other.
static void test_replace_whole(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    CLEANUP_FREE char *bytes = mem_alloc(SIZE);
    memset(bytes, 'a', SIZE);
    folder_write("whole", bytes, SIZE);
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < ROUNDS; i++) {
            memset(bytes, 'a' + i % 2, SIZE);
            if (fs_replace(AT_FDCWD, "whole", bytes, i % 2 ? SIZE : SIZE / 3, 0600, 0, NULL) <
                0)
                _exit(1);
        }
        _exit(0);
    }
    int status = -1;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        CLEANUP_STR struct str text = {0};
        assert_int_equal(fs_read(AT_FDCWD, "whole", 1 << 20, &text, NULL), 0);
        assert_true(text.size == SIZE || text.size == SIZE / 3);
        assert_true(text.text[0] == text.text[text.size - 1]);
    }
    assert_int_equal(status, 0);
}

static void test_replace_fails(void **state)
{
    (void)state;
    struct err err = {0};
    folder_text("fails/file", "old");
    folder_text("fails/full/inner", "old");
    folder_text("outside", "outside");
    // A full disk: what is written is cut off, the old file stays, nothing is left beside it.
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    struct rlimit small = {.rlim_cur = 10, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int result = fs_replace(AT_FDCWD, "fails/file", "more than ten bytes", 19, 0600, 1, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(result, -1);
    expect_text("fails/file", "old");
    assert_int_equal(fs_replace(AT_FDCWD, "fails/full", "new", 3, 0600, 0, &err), -1);
    expect_text("fails/full/inner", "old");
    assert_int_equal(fs_replace(AT_FDCWD, "fails/no/file", "new", 3, 0600, 0, &err), -1);
    assert_int_equal(entries("fails"), 2);
    // A link is replaced, not what it leads to; nor is what a temporary name was made to lead
    // to.
    assert_int_equal(symlink("../outside", "fails/link"), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "fails/link", "new", 3, 0600, 1, &err), 0);
    expect_text("fails/link", "new");
    CLEANUP_FREE char *temporary = mem_print("fails/.file.%ld.tmp", (long)getpid());
    assert_int_equal(symlink("../outside", temporary), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "fails/file", "new", 3, 0600, 0, &err), -1);
    expect_text("outside", "outside");
    expect_text("fails/file", "old");
}

static void test_make_dirs(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int result;
    } table[] = {
        {"d/a/b/c", 0},    {"d/a/b/c", 0},      {"d/x//y///z/", 0},
        {"d/./p/../q", 0}, {"d/link/inner", 0}, {"d/file", -1},
        {"d/file/x", -1},  {"d/dangling", -1},  {"d/dangling/x", -1},
        {".", 0},          {"..", 0},           {"/", 0},
        {"", -1},          {"d/new/./sub", 0},
    };
    folder_text("d/file", "");
    folder_text("real/inner/file", "");
    assert_int_equal(symlink("../real", "d/link"), 0);
    assert_int_equal(symlink("nowhere", "d/dangling"), 0);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct err err = {0};
        struct stat st;
        if (fs_make_dirs(AT_FDCWD, table[i].path, 0700, &err) != table[i].result)
            fail_msg("'%s': %s", table[i].path, err.text);
        assert_int_equal(err.code, table[i].result ? ERR_SYSTEM : ERR_NONE);
        assert_true(table[i].result < 0 ||
                    (stat(table[i].path, &st) == 0 && S_ISDIR(st.st_mode)));
    }
}

static int make_under_closed(void)
{
    return fs_make_dirs(AT_FDCWD, "closed", 0700, NULL) == 0 &&
                   fs_make_dirs(AT_FDCWD, "closed/open/new", 0700, NULL) == 0 &&
                   fs_make_dirs(AT_FDCWD, "closed/new", 0700, NULL) < 0
               ? 0
               : 1;
}

// A folder above that we may not write in is no obstacle if the next one is there.
static void test_make_under_closed(void **state)
{
    (void)state;
    assert_int_equal(mkdir("closed", 0755), 0);
    assert_int_equal(mkdir("closed/open", 0777), 0);
    assert_int_equal(chmod("closed/open", 0777), 0);
    assert_int_equal(chmod("closed", 0555), 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(as_nobody(make_under_closed), 0);
}

static void test_remove(void **state)
{
    (void)state;
    folder_text("keep/file", "kept");
    folder_text("r/a/b/c/file", "");
    folder_text("r/.hidden/file", "");
    folder_text("r/name\nwith\xff", "");
    assert_int_equal(symlink("../keep", "r/folder"), 0);
    assert_int_equal(symlink("../keep/file", "r/a/file"), 0);
    assert_int_equal(symlink("..", "r/a/b/up"), 0);
    assert_int_equal(symlink("nowhere", "r/dangling"), 0);
    assert_int_equal(link("keep/file", "r/second"), 0);
    assert_int_equal(mkfifo("r/fifo", 0600), 0);
    for (int i = 0; i < 500; i++) {
        CLEANUP_FREE char *name = mem_print("r/many/%d", i);
        folder_text(name, "");
    }
    assert_int_equal(fs_remove(AT_FDCWD, "r"), 0);
    assert_false(there("r"));
    expect_text("keep/file", "kept");
    assert_int_equal(fs_remove(AT_FDCWD, "r"), 0); // absent is fine
    assert_int_equal(symlink("keep", "link"), 0);
    assert_int_equal(fs_remove(AT_FDCWD, "link"), 0);
    assert_int_equal(fs_remove(AT_FDCWD, "keep/file"), 0);
    assert_false(there("link") || there("keep/file"));
    assert_true(there("keep"));
    assert_int_equal(symlink("keep", "link"), 0);
    assert_int_equal(fs_remove(AT_FDCWD, "link/"),
                     -1); // "link/" is the folder: not by way of a link
    assert_true(there("keep"));
}

static int make_and_remove(void)
{
    if (mkdir("shared/r", 0700) < 0 || mkdir("shared/r/closed", 0700) < 0 ||
        mkdir("shared/r/closed/inner", 0700) < 0 || mkdir("shared/r/open", 0700) < 0 ||
        chmod("shared/r/closed/inner", 0) < 0 || chmod("shared/r/closed", 0500) < 0)
        return 1;
    return fs_remove(AT_FDCWD, "shared/r") == 0 && !there("shared/r") ? 0 : 2;
}

static int remove_foreign(void)
{
    errno = 0;
    return fs_remove(AT_FDCWD, "foreign") < 0 && errno == EACCES && there("foreign/closed/file")
               ? 0
               : 1;
}

// Folders that their maker closed to himself (read-only caches) go too; those of others do not.
static void test_remove_closed(void **state)
{
    (void)state;
    folder_text("foreign/closed/file", "");
    assert_int_equal(mkdir("foreign/open", 0755), 0);
    assert_int_equal(chmod("foreign", 0755), 0);
    assert_int_equal(chmod("foreign/closed", 0755), 0);
    assert_int_equal(mkdir("shared", 0777), 0);
    assert_int_equal(chmod("shared", 0777), 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(as_nobody(make_and_remove), 0);
    if (geteuid() == 0)
        assert_int_equal(as_nobody(remove_foreign), 0);
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const absolute[][2] = {
        {"a", "/w/d/a"},
        {"./a", "/w/d/a"},
        {"../a", "/w/a"},
        {"../../../a", "/a"},
        {"/a//b/./c/..", "/a/b"},
        {"/", "/"},
        {"", "/w/d"},
        {".", "/w/d"},
        {"/..", "/"},
        {"a/", "/w/d/a"},
        {"...", "/w/d/..."},
        {"/a/../..//", "/"},
        {"..a/.b", "/w/d/..a/.b"},
    };
    static const char *const parts[][3] = {
        {"a", ".", "a"},   {"/a", "/", "a"}, {"a/b", "a", "b"}, {"a//b", "a", "b"},
        {"//a", "/", "a"}, {"a/", "a", ""},  {"", ".", ""},     {"/", "/", ""},
    };
    for (size_t i = 0; i < COUNT(absolute); i++) {
        CLEANUP_FREE char *path = fs_absolute("/w/d", absolute[i][0]);
        assert_string_equal(path, absolute[i][1]);
    }
    for (size_t i = 0; i < COUNT(parts); i++) {
        CLEANUP_FREE char *folder = fs_folder(parts[i][0]);
        assert_string_equal(folder, parts[i][1]);
        assert_string_equal(fs_base(parts[i][0]), parts[i][2]);
    }
}

static void expect_program(const char *path, const char *name, const char *expected)
{
    CLEANUP_FREE char *found = fs_program(path, name);
    if (!found || !expected)
        assert_true(!found && !expected);
    else
        assert_string_equal(found, expected);
}

static void test_program(void **state)
{
    (void)state;
    folder_text("bin1/tool", "");
    folder_text("bin2/tool", "");
    assert_int_equal(chmod("bin2/tool", 0755), 0);
    assert_int_equal(mkdir("bin1/folder", 0755), 0);
    folder_text("here", "");
    assert_int_equal(chmod("here", 0755), 0);
    expect_program("bin1:bin2", "tool", "bin2/tool"); // not executable: the next one
    expect_program("bin1", "tool", NULL);
    expect_program("bin1", "folder", NULL);
    expect_program("bin1:", "here", "./here"); // an empty part is the current folder
    expect_program("", "here", "./here");
    expect_program("bin1", "bin2/tool", "bin2/tool");
    expect_program("bin1", "./bin1/tool", NULL);
    expect_program(NULL, "sh", access("/usr/bin/sh", X_OK) == 0 ? "/usr/bin/sh" : "/bin/sh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_replace_whole),
        cmocka_unit_test(test_replace_fails),
        cmocka_unit_test(test_make_dirs),
        cmocka_unit_test(test_make_under_closed),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_remove_closed),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_program),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
