// SPDX-License-Identifier: Apache-2.0
// URLs: RFC 3986's own table of references, what is shown of a password, files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "source/url.h"

static void test_join(void **state)
{
    // RFC 3986, 5.4, against http://a/b/c/d;p?q
    static const char *const cases[][2] = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
    };
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(url_join(&arena, "http://a/b/c/d;p?q", piece_of(cases[i][0])),
                            cases[i][1]);
    assert_string_equal(url_join(&arena, "http://h", piece_of("x.whl")), "http://h/x.whl");
    assert_string_equal(
        url_join(&arena, "https://u:p@h:8080/s/n/", piece_of("../../f#sha256=1")),
        "https://u:p@h:8080/f#sha256=1");
    arena_free(&arena);
}

static void test_shown(void **state)
{
    static const char *const cases[][2] = {
        {"https://user:secret@h.org/simple/", "https://h.org/simple/"},
        {"https://a@b:secret@h.org:8443/x?y#z", "https://h.org:8443/x?y"},
        {"https://h/a\x1b[2J", "https://h/a\\x1b[2J"},
        {"/a/folder", "/a/folder"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_STR struct str shown = {0};
        url_add_shown(&shown, cases[i][0]);
        assert_null(strstr(str_text(&shown), "secret"));
        assert_string_equal(str_text(&shown), cases[i][1]);
    }
}

static void test_file(void **state)
{
    struct err err = {0};
    (void)state;
    CLEANUP_FREE char *url = url_of_path("/a b/%c/\xc3\xa9.whl");
    assert_string_equal(url, "file:///a%20b/%25c/%C3%A9.whl");
    CLEANUP_FREE char *path = url_file(url, &err);
    assert_string_equal(path, "/a b/%c/\xc3\xa9.whl");
    CLEANUP_FREE char *local = url_file("file://localhost/x", &err);
    assert_string_equal(local, "/x");
    assert_null(url_file("file://elsewhere/x", &err));
    assert_null(url_file("file:///a%00b", &err));
    assert_null(url_file("https://h/x", &err));
    assert_int_equal(err.code, ERR_USAGE);
}

static void test_name(void **state)
{
    static const char *const cases[][2] = {
        {"https://h/a/numpy-1.0%2Blocal-py3-none-any.whl#sha256=1",
         "numpy-1.0+local-py3-none-any.whl"},
        {"https://h/a/x.whl?token=/y", "x.whl"},
        {"https://h/a/b/", "b"},
        {"https://h/", NULL},
        {"https://h/a/..%2F..%2Fx.whl", NULL},
        {"https://h/a/%2E%2E", NULL},
        {"https://h/a%00.whl", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_STR struct str name = {0};
        int result = url_add_name(&name, cases[i][0]);
        assert_int_equal(result, cases[i][1] ? 0 : -1);
        assert_string_equal(str_text(&name), cases[i][1] ? cases[i][1] : "");
    }
}

static void test_same_server(void **state)
{
    (void)state;
    assert_true(url_same_server("https://u:p@h/x", "https://H:443/y"));
    assert_false(url_same_server("https://h/x", "http://h/x"));
    assert_false(url_same_server("https://h/x", "https://h:8443/x"));
    assert_false(url_same_server("https://h/x", "https://h.evil/x"));
    assert_false(url_same_server("https://h/x", "https://h@evil/x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_file),        cmocka_unit_test(test_name),
        cmocka_unit_test(test_same_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
