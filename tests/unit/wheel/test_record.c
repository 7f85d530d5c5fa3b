// SPDX-License-Identifier: Apache-2.0
// RECORD: read, written, refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/record.h"

#define EMPTY "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" // of no bytes

static void test_rows(void **state)
{
    struct arena arena = {0};
    struct record_file record;
    struct str again = {0};
    (void)state;
    assert_int_equal(
        record_file_parse(
            &arena,
            piece_of("a/b.py," EMPTY
                     ",0\r\n\r\n\"x,\"\"y\"\"\nz\",sha512=abc,12\na.dist-info/RECORD,,"),
            &record, NULL),
        0);
    assert_int_equal(record.count, 3);
    assert_string_equal(record.row[1].path.text, "x,\"y\"\nz");
    assert_true(record.row[0].has_sha256 && record.row[0].sha256[0] == 0xe3 &&
                record.row[0].sha256[31] == 0x55);
    assert_true(!record.row[1].has_sha256 && record.row[1].size == 12 &&
                record.row[2].size == -1);
    assert_true(piece_is(record.row[2].hash, ""));
    for (size_t i = 0; i < record.count; i++)
        record_file_add(&again, record.row[i].path.text,
                        record.row[i].has_sha256 ? record.row[i].sha256 : NULL,
                        record.row[i].size);
    assert_string_equal(again.text,
                        "a/b.py," EMPTY ",0\n\"x,\"\"y\"\"\nz\",,12\na.dist-info/RECORD,,\n");
    assert_int_equal(record_file_parse(&arena, piece_of(""), &record, NULL), 0);
    assert_int_equal(record.count, 0);
    str_free(&again);
    arena_free(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"a,,\nb,\n", "line 2"},
        {"a,,,\n", "line 1"},
        {"a\n", "line 1"},
        {",,\n", "line 1"},
        {"\"a,,\n", "line 1"},
        {"\"a\nb\",,\n\"c\"d,,\n", "line 3"},
        {"a,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV,0\n",
         "line 1"}, // bits left over
        {"a,sha256=47DEQpj8HBSa+_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n",
         "line 1"}, // not the URL alphabet
        {"a," EMPTY "=,0\n", "line 1"},
        {"a,sha256,0\n", "line 1"},
        {"a,,-1\n", "line 1"},
        {"a,,1x\n", "line 1"},
        {"a,,1234567890123456789\n", "line 1"},
    };
    struct arena arena = {0};
    struct record_file record;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = {0};
        print_message("# %zu\n", i);
        assert_int_equal(record_file_parse(&arena, piece_of(cases[i].text), &record, &err), -1);
        assert_non_null(strstr(err.text, cases[i].line));
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
