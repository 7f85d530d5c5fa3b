// SPDX-License-Identifier: Apache-2.0
// Which file counts for a folder, where the search ends, and which files are not believed.
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

#include "folder.h"
#include "site/nearest.h"

static const char *here;

static int setup(void **state)
{
    int status = folder_setup(state);
    here = *state;
    return status;
}

// The file that counts for a folder below, without what is above of the test; "" for none, "!" for an
// error, "?" before one that is not believed.
static void check(const char *folder, const char *home, const char *expected)
{
    CLEANUP_FREE char *from = mem_print("%s%s", here, folder);
    CLEANUP_FREE char *above = home ? mem_print("%s%s", here, home) : NULL;
    struct document document = {0};
    struct err err = {0};
    char found[256] = "";
    int status = nearest_read(from, above, &document, NULL, &err);
    if (status < 0)
        snprintf(found, sizeof found, "!%s", err_name(err.code));
    else if (document.state != DOCUMENT_ABSENT)
        snprintf(found, sizeof found, "%s%s", document.state == DOCUMENT_READ ? "" : "?",
                 document.path + strlen(here) + 1);
    document_free(&document);
    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s, not %s", folder, found, expected);
}

static void test_nearest(void **state)
{
    (void)state;
    folder_text("home/lopin.toml", "");
    folder_text("home/project/.git/x", "");
    folder_text("home/project/lopin.toml", "");
    folder_text("home/project/a/b/x", "");
    folder_text("home/other/.git", "gitdir: elsewhere\n");
    folder_text("home/other/a/x", "");
    folder_text("home/plain/a/x", "");
    check("/home/project", "/home", "home/project/lopin.toml");
    check("/home/project/a/b", "/home", "home/project/lopin.toml");
    check("/home/other/a", "/home", "");
    check("/home/plain/a", "/home", "home/lopin.toml");
    check("/home/plain/a", NULL, "home/lopin.toml");
    check("/home/plain/a", "/home/plain", "");
    check("/home/plain/a", "/home/not/there", "home/lopin.toml");
    assert_int_equal(symlink("home/plain", "other-name"), 0);
    check("/home/plain/a", "/other-name", "");
    check("/home/not/there", "/home", "");
}

static void test_pyproject(void **state)
{
    (void)state;
    folder_text("home/p/pyproject.toml", "[tool.lopin]\njobs = 1\n");
    folder_text("home/p/q/pyproject.toml", "[tool.black]\n");
    folder_text("home/p/q/both/pyproject.toml", "[tool.lopin]\n");
    folder_text("home/p/q/both/lopin.toml", "");
    folder_text("home/p/q/broken/pyproject.toml", "[[[");
    folder_text("home/p/q/ours/pyproject.toml", "[tool.lopin\n");
    folder_text("home/p/q/odd/pyproject.toml", "tool.lopin = 3\n");
    folder_text("home/p/q/named/pyproject.toml", "name = 'lopin'\n");
    check("/home/p", "/home", "home/p/pyproject.toml");
    check("/home/p/q", "/home", "home/p/pyproject.toml");
    check("/home/p/q/both", "/home", "home/p/q/both/lopin.toml");
    check("/home/p/q/broken", "/home", "home/p/pyproject.toml");
    check("/home/p/q/ours", "/home", "!config");
    check("/home/p/q/odd", "/home", "!config");
    check("/home/p/q/named", "/home", "home/p/pyproject.toml");
}

static void test_trust(void **state)
{
    (void)state;
    folder_text("home/a/lopin.toml", "");
    folder_text("home/lopin.toml", "");
    folder_text("home/b/pyproject.toml", "[tool.lopin]\n");
    folder_text("home/c/pyproject.toml", "[tool.black]\n");
    folder_text("home/d/x", "");
    assert_int_equal(chmod("home/a/lopin.toml", 0664), 0);
    check("/home/a", "/home", "?home/a/lopin.toml");
    assert_int_equal(chmod("home/a/lopin.toml", 0646), 0);
    check("/home/a", "/home", "?home/a/lopin.toml");
    assert_int_equal(chmod("home/b/pyproject.toml", 0666), 0);
    check("/home/b", "/home", "?home/b/pyproject.toml");
    assert_int_equal(chmod("home/c/pyproject.toml", 0666), 0);
    check("/home/c", "/home", "home/lopin.toml"); // it says nothing to us
    assert_int_equal(symlink("../lopin.toml", "home/d/lopin.toml"), 0);
    check("/home/d", "/home", "home/d/lopin.toml");
    assert_int_equal(unlink("home/d/lopin.toml"), 0);
    assert_int_equal(symlink("loop", "home/d/loop"), 0);
    assert_int_equal(symlink("loop", "home/d/lopin.toml"), 0);
    check("/home/d", "/home", "home/lopin.toml"); // it leads nowhere
    assert_int_equal(unlink("home/d/lopin.toml"), 0);
    assert_int_equal(mkfifo("home/d/lopin.toml", 0600), 0);
    check("/home/d", "/home", "!config");
    if (geteuid() != 0)
        return; // to give files away
    assert_int_equal(chmod("home/a/lopin.toml", 0644), 0);
    assert_int_equal(chown("home/a/lopin.toml", 65534, 65534), 0);
    check("/home/a", "/home", "?home/a/lopin.toml");
    assert_int_equal(chown("home/a/lopin.toml", 0, 0), 0);
    check("/home/a", "/home", "home/a/lopin.toml");
    assert_int_equal(chown("home/a", 65534, 65534), 0);
    check("/home/a", "/home", "?home/a/lopin.toml");
    assert_int_equal(chown("home/a", 0, 0), 0);
    assert_int_equal(unlink("home/d/lopin.toml"), 0);
    assert_int_equal(symlink("../lopin.toml", "home/d/lopin.toml"), 0);
    assert_int_equal(lchown("home/d/lopin.toml", 65534, 65534), 0);
    check("/home/d", "/home", "?home/d/lopin.toml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nearest, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_pyproject, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_trust, setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
