// SPDX-License-Identifier: Apache-2.0
// METADATA, WHEEL, entry points and the blocks of scripts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/entries.h"
#include "wheel/metadata.h"
#include "wheel/script.h"

static const char good[] = "Metadata-Version: 2.4\nName: A.b\nVersion: 1.0\n";

static void test_headers(void **state)
{
    struct arena arena = {0};
    struct headers headers;
    (void)state;
    headers_parse(&arena,
                  piece_of("A: 1\r\nb:\t2\r\n  3\r\nA:4\r\n: x\r\n y\r\n\r\nbody\r\nA: 5\r\n"),
                  &headers);
    assert_int_equal(headers.count, 3);
    assert_true(piece_is(headers_get(&headers, "a", 1), "4"));
    assert_true(piece_is(headers_get(&headers, "B", 0), "2\r\n  3"));
    assert_null(headers_get(&headers, "A", 2).text);
    assert_true(piece_is(headers.body, "body\r\nA: 5\r\n"));
    headers_parse(&arena, piece_of("A: \xff\nnot a header\nB: 1"), &headers);
    assert_int_equal(headers.count, 1);
    assert_false(headers.item[0].is_utf8);
    assert_true(piece_is(headers.body, "not a header\nB: 1"));
    headers_parse(&arena, piece_of(""), &headers);
    assert_int_equal(headers.count, 0);
    arena_free(&arena);
}

static void test_metadata(void **state)
{
    static const char *const bad[] = {
        "Name: a\nVersion: 1\n",
        "Metadata-Version: 3.0\nName: a\nVersion: 1\n",
        "Metadata-Version: 2.1\nVersion: 1\n",
        "Metadata-Version: 2.1\nName: a\n",
        "Metadata-Version: 2.1\nName: a\nName: b\nVersion: 1\n",
        "Metadata-Version: 2.1\nName: a b\nVersion: 1\n",
        "Metadata-Version: 2.1\nName: a\nVersion: x\n",
        "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: a b\n",
        "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Python: 3\n",
        "Metadata-Version: 2.1\nName: a\xff\nVersion: 1\n",
        "Metadata-Version: 2.1\nName: a\nVersion: 1\nProvides-Extra: -x\n",
        "",
    };
    struct arena arena = {0};
    struct metadata metadata;
    struct str text = {0};
    (void)state;
    str_add(&text, good);
    str_add(&text, "Requires-Python: >=3.8\nRequires-Dist: numpy>=1.20\nRequires-Dist: x ; "
                   "extra == 'T'\nProvides-Extra: T_x\n\nName: c\n");
    assert_int_equal(metadata_parse(&arena, piece_of(text.text), &metadata, NULL), 0);
    assert_true(piece_is(metadata.normal, "a-b"));
    assert_int_equal(metadata.requires_count, 2);
    assert_true(piece_is(metadata.requires_dist[1]->normal, "x"));
    assert_int_equal(metadata.requires_python.count, 1);
    assert_true(metadata.extra_count == 1 && piece_is(metadata.extra[0], "t-x"));
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct err err = {0};
        print_message("# %zu\n", i);
        assert_int_equal(metadata_parse(&arena, piece_of(bad[i]), &metadata, &err), -1);
        assert_true(err.code == ERR_USAGE && strstr(err.text, "METADATA"));
    }
    str_free(&text);
    arena_free(&arena);
}

static void test_wheel_file(void **state)
{
    struct arena arena = {0};
    struct wheel_file wheel;
    (void)state;
    assert_int_equal(wheel_file_parse(&arena,
                                      piece_of("Wheel-Version: 1.0\nRoot-Is-Purelib: "
                                               "false\nTag: a-b-c\nTag: d-e-f\nBuild: 2\n"),
                                      &wheel, NULL),
                     0);
    assert_true(!wheel.purelib && wheel.tag_count == 2 && piece_is(wheel.tag[1], "d-e-f") &&
                piece_is(wheel.build, "2"));
    assert_int_equal(wheel_file_parse(&arena,
                                      piece_of("Wheel-Version: 2.0\nRoot-Is-Purelib: true\n"),
                                      &wheel, NULL),
                     -1);
    assert_int_equal(wheel_file_parse(&arena,
                                      piece_of("Wheel-Version: 1.0\nRoot-Is-Purelib: maybe\n"),
                                      &wheel, NULL),
                     -1);
    assert_int_equal(wheel_file_parse(&arena, piece_of("Wheel-Version: 1.0\n"), &wheel, NULL),
                     -1);
    arena_free(&arena);
}

static void test_entries(void **state)
{
    static const char *const code[] = {
        "a:b; import os", "a:b()", "a",      ":b",     "a:", "a b:c",
        "a:b[c",          "1:b",   "a..b:c", "a:b\nc", ""};
    struct arena arena = {0};
    struct entries entries;
    struct piece module, object;
    (void)state;
    assert_int_equal(
        entries_parse(
            &arena,
            piece_of("x=before:any\n[console_scripts]\n# no\n a-b = c.d : e.f [g]\n\n[h]\ni=j"),
            &entries, NULL),
        0);
    assert_int_equal(entries.count, 2);
    assert_true(piece_is(entries.item[0].group, "console_scripts") &&
                piece_is(entries.item[0].name, "a-b"));
    assert_int_equal(entry_object(entries.item[0].value, &module, &object), 0);
    assert_true(piece_is(module, "c.d") && piece_is(object, "e.f"));
    for (size_t i = 0; i < COUNT(code); i++)
        assert_int_equal(entry_object(piece_of(code[i]), &module, &object), -1);
    assert_int_equal(entries_parse(&arena, piece_of("[a]\nb\n"), &entries, NULL), -1);
    arena_free(&arena);
}

static void test_script(void **state)
{
    struct arena arena = {0};
    struct piece block;
    struct err err = {0};
    (void)state;
    assert_int_equal(
        script_block(
            &arena, piece_of("#!/x\n# /// script\n# a = 1\n#\n#  b\n# ///\n# ///\n#x\n# ///\n"),
            "script", &block, NULL),
        1);
    assert_string_equal(block.text, "a = 1\n\n b\n///\n");
    assert_int_equal(
        script_block(&arena, piece_of("# /// script\n# ///\n"), "script", &block, NULL), 0);
    assert_int_equal(
        script_block(&arena, piece_of("# /// script\n# a\nx\n# ///\n"), "script", &block, NULL),
        0);
    assert_int_equal(
        script_block(&arena, piece_of("# /// other\n# a\n# ///"), "script", &block, NULL), 0);
    assert_int_equal(script_block(&arena, piece_of("# /// script\r\n# a\r\n# ///\r\n"),
                                  "script", &block, NULL),
                     1);
    assert_int_equal(
        script_block(&arena, piece_of("# /// script\n# a\n# ///\n\n# /// script\n# a\n# ///\n"),
                     "script", &block, &err),
        -1);
    assert_int_equal(err.code, ERR_USAGE);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),    cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_wheel_file), cmocka_unit_test(test_entries),
        cmocka_unit_test(test_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
