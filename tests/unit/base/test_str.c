// SPDX-License-Identifier: Apache-2.0
// Strings and their quotings: any bytes survive our files and a shell, and none moves a cursor.
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

#define ROUNDS 2000

static uint32_t next(uint32_t *seed) // xorshift
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

static void test_grow(void **state)
{
    (void)state;
    CLEANUP_STR struct str str = {0};
    assert_string_equal(str_text(&str), "");
    str_print(&str, "%s", "");
    assert_non_null(str.text);
    for (int i = 0; i < 1000; i++) {
        str_add_char(&str, 'a');
        str_print(&str, "%d,", i);
        assert_int_equal(str.text[str.size], 0);
    }
    assert_int_equal(strlen(str.text), str.size);
    str_add_bytes(&str, "\0x", 2);
    assert_int_equal(strlen(str.text) + 2, str.size);
    char *text = str_take(&str);
    assert_true(str_starts(text, "a0,a1,a2,") && !str.text && !str.size);
    free(text);
    text = str_take(&str);
    assert_string_equal(text, "");
    free(text);
}

static void test_split(void **state)
{
    (void)state;
    static const char *const lines[] = {"", ":", "a", "a:", ":a", "a::b", "a:b:c"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        CLEANUP_STRV struct strv list = {0};
        CLEANUP_STR struct str again = {0};
        strv_split(&list, lines[i], ':');
        for (size_t j = 0; j < list.count; j++) {
            str_add(&again, j ? ":" : "");
            str_add(&again, list.item[j]);
        }
        assert_string_equal(str_text(&again), lines[i]);
        assert_null(list.item[list.count]);
    }
}

static void test_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned long max;
        int result;
        unsigned long number;
    } table[] = {
        {"0", 9, 0, 0},
        {"007", 9, 0, 7},
        {"9", 9, 0, 9},
        {"10", 9, -1, 0},
        {"", 9, -1, 0},
        {"-1", 9, -1, 0},
        {"+1", 9, -1, 0},
        {" 1", 9, -1, 0},
        {"1 ", 9, -1, 0},
        {"0x1", 9, -1, 0},
        {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, -1, 0},
        {"184467440737095516150", UINT64_MAX, -1, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        unsigned long number = 0;
        assert_int_equal(str_number(table[i].text, table[i].max, &number), table[i].result);
        assert_true(table[i].result < 0 || number == table[i].number);
    }
    assert_true(str_ends("a.log", ".log") && str_ends("a", "") && !str_ends("g", "log"));
    assert_int_equal(str_columns("d\xc3\xa9j\xc3\xa0"), 4);
}

static void test_percent(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[48];
        size_t size = next(&seed) % sizeof bytes;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)next(&seed);
        CLEANUP_STR struct str coded = {0};
        CLEANUP_STR struct str plain = {0};
        str_add(&plain, "before");
        str_add_percent(&coded, bytes, size, ",=");
        for (size_t i = 0; i < coded.size; i++)
            assert_true(coded.text[i] > ' ' && coded.text[i] < 127 &&
                        !strchr(",=", coded.text[i]));
        assert_int_equal(str_add_unpercent(&plain, str_text(&coded), coded.size), 0);
        assert_int_equal(plain.size, size + 6);
        assert_memory_equal(plain.text + 6, bytes, size);
    }
}

static void test_unpercent_broken(void **state)
{
    (void)state;
    static const char *const broken[] = {"%",  "a%",   "%4",  "%4g", "%g4",
                                         "%%", "%41%", "% 1", "%-1", "%41%4"};
    for (size_t i = 0; i < COUNT(broken); i++) {
        CLEANUP_STR struct str str = {0};
        str_add(&str, "before");
        assert_int_equal(str_add_unpercent(&str, broken[i], strlen(broken[i])), -1);
        assert_string_equal(str.text, "before");
        assert_int_equal(str.size, 6);
    }
}

// What a shell makes of quoted words: each followed by a NUL.
static void ask_shell(const char *shell, const struct str *script, struct str *ret)
{
    char path[] = "/tmp/lopin-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, script->text, script->size), (ssize_t)script->size);
    close(fd);
    CLEANUP_FREE char *line = mem_print("%s %s", shell, path);
    FILE *stream = popen(line, "r");
    assert_non_null(stream);
    char block[4096];
    size_t got;
    while ((got = fread(block, 1, sizeof block, stream)) > 0)
        str_add_bytes(ret, block, got);
    assert_int_equal(pclose(stream), 0);
    unlink(path);
}

static void compare_shell(const char *shell, int control)
{
    static const char *const fixed[] = {
        "",       "a",      "{}",      "{out}", "{a,b}", "{1..3}", "x{,y}z",     "~",
        "~root",  "a=b",    "=ls",     "$HOME", "`id`",  "$(id)",  "*",          "?",
        "[a-z]*", "!",      "!!",      "#a",    "a b",   "'",      "''",         "a'b",
        "\"",     "\\",     "\\\\'",   "-n",    "&",     ";",      "|",          "<x",
        "(",      "%s",     "^a",      "\xff",  "\xc3!", "{a}b",   "a,b{c}{d,}", "a//b",
        "@x",     ":",      "+",       "{..}",  "a..b",  "}",      "{",          "}{",
        "{/.}",   "{a{b}}", "{#}-{%}",
    };
    static const char bytes[] = "ab1 '\"\\$`!*?[]{},.=~#&;|<>()%^@:+-_/\xc3\xa9\xff";
    CLEANUP_STR struct str script = {0};
    CLEANUP_STR struct str expected = {0};
    CLEANUP_STR struct str answer = {0};
    uint32_t seed = 7;
    str_add(&script, "printf '%s\\000' \\\n");
    for (size_t i = 0; i < COUNT(fixed) + 400; i++) {
        char word[16] = "";
        for (size_t j = next(&seed) % 12; i >= COUNT(fixed) && j-- > 0;)
            word[j] = next(&seed) % 4 == 0 && control ? (char)(1 + next(&seed) % 31)
                                                      : bytes[next(&seed) % (sizeof bytes - 1)];
        const char *from = i < COUNT(fixed) ? fixed[i] : word;
        str_add_shell(&script, from);
        str_add(&script, " \\\n");
        str_add_bytes(&expected, from, strlen(from) + 1);
    }
    str_add(&script, "\n");
    ask_shell(shell, &script, &answer);
    for (size_t at = 0; at < expected.size; at += strlen(expected.text + at) + 1)
        if (at >= answer.size || strcmp(expected.text + at, answer.text + at) != 0)
            fail_msg("%s: '%s' became '%s'", shell, expected.text + at, str_text(&answer) + at);
    assert_int_equal(answer.size, expected.size);
}

static void test_shell(void **state)
{
    (void)state;
    compare_shell("/bin/sh", 0); // not every sh knows $'..' (it came with POSIX.1-2024)
    if (access("/bin/bash", X_OK) == 0)
        compare_shell("/bin/bash", 1);
    if (access("/usr/bin/zsh", X_OK) == 0)
        compare_shell("/usr/bin/zsh -f", 1);
}

static void test_visible(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"plain text", "plain text"},
        {"d\xc3\xa9j\xc3\xa0", "d\xc3\xa9j\xc3\xa0"},
        {"\xf0\x9f\x8c\x8d", "\xf0\x9f\x8c\x8d"},
        {"a\033[2Jb", "a\\x1b[2Jb"},
        {"\r\n\t\x7f", "\\x0d\\x0a\\x09\\x7f"},
        {"\xc2\x9b\x32J", "\\xc2\\x9b2J"}, // CSI as a C1 control
        {"\xc2\xa0", "\xc2\xa0"},
        {"\xc0\xaf", "\\xc0\\xaf"},                   // overlong
        {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},          // overlong
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          // a surrogate
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // above U+10FFFF
        {"\xc3", "\\xc3"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xe2\x82\xc3\xa9", "\\xe2\\x82\xc3\xa9"},
        {"\x80\xbf", "\\x80\\xbf"},
        {"\xff\xfe", "\\xff\\xfe"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        CLEANUP_STR struct str str = {0};
        str_add_visible(&str, table[i][0], strlen(table[i][0]));
        assert_string_equal(str_text(&str), table[i][1]);
    }
}

// The C library's own decoder is the second opinion.
static void test_visible_random(void **state)
{
    (void)state;
    static const unsigned char likely[] = {0x80, 0xbf, 0xc2, 0xc3, 0xe0, 0xed, 0xa0,
                                           0xef, 0xf0, 0xf4, 0x8f, 'a',  0x1b};
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        skip();
    uint32_t seed = 3;
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[24];
        size_t size = 1 + next(&seed) % sizeof bytes;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)(next(&seed) % 4 ? likely[next(&seed) % sizeof likely]
                                              : (unsigned char)next(&seed));
        CLEANUP_STR struct str str = {0};
        CLEANUP_STR struct str expected = {0};
        str_add_visible(&str, bytes, size);
        for (size_t i = 0; i < size;) {
            wchar_t code;
            mbstate_t shift = {0};
            size_t length = mbrtowc(&code, bytes + i, size - i, &shift);
            // glibc takes what is above U+10FFFF
            if (length - 1 < 4 && code >= ' ' && code <= 0x10FFFF &&
                !(code >= 127 && code < 0xA0)) {
                str_add_bytes(&expected, bytes + i, length);
                i += length;
            } else {
                str_print(&expected, "\\x%02x", (unsigned char)bytes[i++]);
            }
        }
        assert_string_equal(str_text(&str), str_text(&expected));
    }
    setlocale(LC_CTYPE, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_unpercent_broken),
        cmocka_unit_test(test_shell),
        cmocka_unit_test(test_visible),
        cmocka_unit_test(test_visible_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
