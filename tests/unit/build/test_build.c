// SPDX-License-Identifier: Apache-2.0
// What a source is, and what pip said of it; tests/cli/test_build.py builds with the real pip.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "build/build.h"
#include "folder.h"

// Whether the folder p is another source than it was.
static int changed(char **was, int editable)
{
    char *is = build_identity("p", editable);
    int differs = strcmp(*was, is) != 0;
    free(*was);
    *was = is;
    return differs;
}

static void test_identity(void **state)
{
    (void)state;
    folder_text("p/pyproject.toml", "[project]\n");
    folder_text("p/src/a.py", "1\n");
    char *whole = build_identity("p", 0);
    char *editable = build_identity("p", 1);
    assert_string_not_equal(whole, editable);
    // what builds and tools leave is no source
    folder_text("p/build/lib/a.py", "1\n");
    folder_text("p/src/a.egg-info/PKG-INFO", "1\n");
    folder_text("p/src/__pycache__/a.cpython-311.pyc", "1\n");
    folder_text("p/.git/HEAD", "1\n");
    assert_false(changed(&whole, 0));
    folder_text("p/src/a.py", "12\n");
    assert_true(changed(&whole, 0));
    assert_false(changed(&editable, 1)); // its files are used where they are
    assert_int_equal(chmod("p/src/a.py", 0755), 0);
    assert_true(changed(&whole, 0));
    assert_int_equal(rename("p/src/a.py", "p/src/b.py"), 0);
    assert_true(changed(&whole, 0));
    assert_int_equal(rename("p/src", "p/lib"), 0);
    assert_true(changed(&whole, 0));
    assert_int_equal(symlink("..", "p/lib/up"), 0); // leads upwards: not followed
    assert_true(changed(&whole, 0));
    folder_text("p/pyproject.toml", "[project]\nname = 'p'\n");
    assert_true(changed(&whole, 0));
    assert_true(changed(&editable, 1));
    free(whole);
    free(editable);
}

static void test_explain(void **state)
{
    static const struct {
        const char *log, *text, *hint;
    } cases[] = {
        {"Collecting x\nERROR: Could not find a version that satisfies the requirement "
         "setuptools>=61 (from versions: none)\nERROR: No matching distribution found for "
         "setuptools>=61\n",
         "building 'x' needs setuptools>=61, which is not to be had",
         "a wheel of setuptools>=61"},
        {"  error: subprocess-exited-with-error\n  \u2502 exit code: 1\n  \u2570\u2500> [9 "
         "lines]\n"
         "      a.c:3:10: fatal error: zlib.h: No such file or directory\n"
         "      error: command '/usr/bin/gcc' failed with exit code 1\n"
         "  ERROR: Failed building wheel for x\nERROR: Failed to build one or more wheels\n",
         "building 'x' failed: error: command '/usr/bin/gcc' failed with exit code 1", NULL},
        {"Traceback (most recent call last):\nModuleNotFoundError: No module named 'numpy'\n"
         "error: metadata-generation-failed\n",
         "building 'x' failed: ModuleNotFoundError: No module named 'numpy'", NULL},
        {"", "building 'x' failed", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = {0};
        folder_text("log", cases[i].log);
        assert_int_equal(build_explain("log", "x", &err), -1);
        assert_int_equal(err.code, ERR_BUILD);
        assert_string_equal(err.text, cases[i].text);
        assert_non_null(strstr(err.hint, "in\tlog"));
        if (cases[i].hint)
            assert_non_null(strstr(err.hint, cases[i].hint));
    }
}

static void test_commit(void **state)
{
    (void)state;
    folder_text("log", "Collecting git+file:///x\n  Resolved file:///x to commit "
                       "0123456789abcdef0123456789abcdef01234567\nmore\n");
    char *commit = build_commit("log");
    assert_string_equal(commit, "0123456789abcdef0123456789abcdef01234567");
    free(commit);
    folder_text("log", "to commit is human, to commit 012\n");
    assert_null(build_commit("log"));
    assert_null(build_commit("absent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_identity, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_explain, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_commit, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
