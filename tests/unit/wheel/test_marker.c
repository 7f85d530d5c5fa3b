// SPDX-License-Identifier: Apache-2.0
// Markers: normal forms, values, and what has none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/marker.h"

static const struct {
    const char *text, *normal;
    int value; // -1: undefined
} cases[] = {
    {"python_version>'3.8'", "python_version > \"3.8\"", 1},
    {"python_version >= '3.10'", "python_version >= \"3.10\"", 1}, // no comparison of texts
    {"'3.10' <= python_version", "\"3.10\" <= python_version", 1},
    {"python_version in '3.10 3.11'", "python_version in \"3.10 3.11\"", 1},
    {"python_version  not  in '3.10'", "python_version not in \"3.10\"", 1},
    {"python_version ~= '3.9'", "python_version ~= \"3.9\"", 1},
    {"python_full_version == '3.11.*'", "python_full_version == \"3.11.*\"", 1},
    {"python_version == 'x'", "python_version == \"x\"", 0},
    {"os.name=='posix'", "os_name == \"posix\"", 1},
    {"python_implementation != 'PyPy'", "platform_python_implementation != \"PyPy\"", 1},
    {"os_name > 'a'", "os_name > \"a\"", 0},
    {"os_name >= 'posix'", "os_name >= \"posix\"", 1},
    {"os_name ~= 'posix'", "os_name ~= \"posix\"", -1},
    {"'in' in sys_platform", "\"in\" in sys_platform", 1},
    {"extra == 'Dev.Test'", "extra == \"dev-test\"", 1},
    {"'dev' in extras", "\"dev\" in extras", -1},
    {"os_name=='nt' or os_name=='posix' and extra=='x'",
     "os_name == \"nt\" or os_name == \"posix\" and extra == \"x\"", 0},
    {"(os_name=='nt' or ((os_name=='posix'))) and ('linux'==sys_platform)",
     "(os_name == \"nt\" or os_name == \"posix\") and \"linux\" == sys_platform", 1},
    {"((os_name=='nt'))", "os_name == \"nt\"", 0},
    {"os_name == 'a\"b'", "os_name == 'a\"b'", 0},
    {"os_name == '\\x70osix'", "os_name == \"posix\"", 1},
    {"'a' == 'b'", "\"a\" == \"b\"", -1},
    {"'posix' == 'os_name'", "\"posix\" == \"os_name\"", 1}, // packaging looks the right one up
    {"os_name==os_name", "os_name == os_name", 0},
    {"platform_release >= '5'", "platform_release >= \"5\"", 0}, // 5.10.0-x is no version
};
static const char *const invalid[] = {
    "",
    "os_name",
    "os_name ==",
    "os_name == 'a",
    "os_name = 'a'",
    "os_names == 'a'",
    "(os_name == 'a'",
    "os_name == 'a')",
    "os_name == 'a' and",
    "os_name == 'a' xor os_name == 'b'",
    "os_name notin 'a'",
    "os_name == 'a\\'",
    "os_name == '\\N{BULLET}'",
    "os_name == '\\xg0'",
    "os_name == 'a\nb'",
    "os_name == 'a'\n",
    "not os_name == 'a'",
};
static const struct marker_env env = {
    .value = {[MARKER_IMPLEMENTATION_NAME] = "cpython",
              [MARKER_OS_NAME] = "posix",
              [MARKER_PLATFORM_PYTHON_IMPLEMENTATION] = "CPython",
              [MARKER_PLATFORM_RELEASE] = "5.10.0-x",
              [MARKER_PYTHON_FULL_VERSION] = "3.11.4+",
              [MARKER_PYTHON_VERSION] = "3.11",
              [MARKER_SYS_PLATFORM] = "linux",
              [MARKER_EXTRA] = "DEV_test"},
};

static void test_values(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str normal = {0};
        struct err err = {0};
        const struct marker *marker = marker_parse(&arena, piece_of(cases[i].text), &err);
        print_message("# %s\n", cases[i].text);
        assert_non_null(marker);
        assert_int_equal(marker_add(&normal, marker), 0);
        assert_string_equal(normal.text, cases[i].normal);
        assert_int_equal(marker_evaluate(marker, &env, &err), cases[i].value);
        assert_int_equal(err.code, cases[i].value < 0 ? ERR_USAGE : ERR_NONE);
        str_free(&normal);
    }
    arena_free(&arena);
}

static void test_invalid(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(invalid); i++) {
        print_message("# %zu\n", i);
        assert_null(marker_parse(&arena, piece_of(invalid[i]), NULL));
    }
    arena_free(&arena);
}

static void test_sets(void **state)
{
    struct arena arena = {0};
    struct strv extras = {0};
    struct marker_env with = env;
    struct str normal = {0};
    (void)state;
    strv_add(&extras, "A_b");
    with.extras = &extras;
    assert_int_equal(
        marker_evaluate(marker_parse(&arena, piece_of("'a.B' in extras"), NULL), &with, NULL),
        1);
    assert_int_equal(
        marker_evaluate(marker_parse(&arena, piece_of("'c' in extras"), NULL), &with, NULL), 0);
    assert_int_equal(
        marker_evaluate(marker_parse(&arena, piece_of("extras == 'a-b'"), NULL), &with, NULL),
        -1);
    assert_int_equal(
        marker_add(&normal, marker_parse(&arena, piece_of("os_name == '\\x22\\x27'"), NULL)),
        -1);
    assert_int_equal(normal.size, 0);
    strv_free(&extras);
    arena_free(&arena);
}

static void test_depth(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t depth = 200; depth <= 201; depth++) {
        struct str text = {0};
        for (size_t i = 0; i < depth; i++)
            str_add_char(&text, '(');
        str_add(&text, "os_name=='posix'");
        for (size_t i = 0; i < depth; i++)
            str_add_char(&text, ')');
        assert_int_equal(marker_parse(&arena, piece_of(text.text), NULL) != NULL, depth == 200);
        str_free(&text);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
