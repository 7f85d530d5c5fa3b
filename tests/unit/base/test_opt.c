// SPDX-License-Identifier: Apache-2.0
// Options in all their spellings; what an unknown one is taken for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/opt.h"

#define WORDS 8

static const struct opt options[] = {
    {'c', 'c', "cores", "N", "", 1},
    {'o', 'o', "log", "FILE", "", 3},
    {'v', 'v', "verbose", NULL, "", 3},
    {'q', 'Q', "quiet", NULL, "", 3},
    {'d', '\0', "dry-run", NULL, "", 1},
    {'l', '\0', "lang", "LANG", "", 2},
    {0},
};

struct line {
    const char *word[WORDS];
    // "c=8 v | rest": options, then the words that are left; or "... !" at an error
    const char *expected;
    const char *hint; // of the error, or NULL
};
static const struct line lines[] = {
    {{"-c", "8", "a.py"}, "c=8 | a.py", NULL},
    {{"-c8", "a.py"}, "c=8 | a.py", NULL},
    {{"-c=8", "a.py"}, "c=8 | a.py", NULL},
    {{"--cores", "8", "a.py"}, "c=8 | a.py", NULL},
    {{"--cores=8", "a.py"}, "c=8 | a.py", NULL},
    {{"--cores=", "a.py"}, "c= | a.py", NULL},
    {{"--cores=a=b", "x"}, "c=a=b | x", NULL},
    {{"-vQc8", "x"}, "v q c=8 | x", NULL},
    {{"-vQc", "8", "x"}, "v q c=8 | x", NULL},
    {{"-vQ", "-v", "x"}, "v q v | x", NULL},
    {{"-o-v", "x"}, "o=-v | x", NULL},
    {{"-o", "-v", "x"}, "o=-v | x", NULL},
    {{"-o", "--", "x"}, "o=-- | x", NULL},
    {{"-v", "--", "-v"}, "v | -v", NULL},
    {{"-v", "-", "-v"}, "v | - -v", NULL},
    {{"a.py", "-v"}, "| a.py -v", NULL},
    {{"--", "--"}, "| --", NULL},
    {{""}, "| ", NULL},
    {{NULL}, "|", NULL},
    {{"-vc"}, "v !", NULL},
    {{"-c"}, "!", NULL},
    {{"--cores"}, "!", NULL},
    {{"--verbose=1"}, "!", NULL},
    {{"-x"}, "!", NULL},
    {{"-vx"}, "v !", NULL},
    {{"-v="}, "v !", NULL},
    {{"--cor"}, "!", NULL},
    {{"--core"}, "!", "--cores"},
    {{"--croes=3"}, "!", "--cores"},
    {{"--verb"}, "!", "--verbose"},
    {{"--lang", "fr"}, "!", NULL}, // of another command
    {{"--=3"}, "!", NULL},
    {{"--\xff\n"}, "!", NULL},
};

static void scan(const struct line *line, struct str *into, struct err *err)
{
    struct opt_scan scan = {.table = options, .command = 1, .word = (char *const *)line->word};
    const char *value = NULL;
    int id;
    while ((id = opt_next(&scan, &value, err)) > 0) {
        str_print(into, value ? "%c=%s " : "%c ", id, value);
        value = "not set";
    }
    str_add(into, id < 0 ? "!" : "|");
    for (char *const *word = scan.word; id == 0 && *word; word++)
        str_print(into, " %s", *word);
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        CLEANUP_STR struct str text = {0};
        struct err err = {0};
        scan(&lines[i], &text, &err);
        if (strcmp(str_text(&text), lines[i].expected) != 0)
            fail_msg("%s: '%s', not '%s'", lines[i].word[0], str_text(&text),
                     lines[i].expected);
        int failed = str_ends(lines[i].expected, "!");
        assert_int_equal(err.code, failed ? ERR_USAGE : ERR_NONE);
        if (lines[i].hint && !strstr(err.hint, lines[i].hint))
            fail_msg("%s: hint '%s'", lines[i].word[0], err.hint);
        assert_true(lines[i].hint || !strstr(err.hint, "lang"));
    }
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"cores", "jobs", "threads", "order", "out", "I", NULL};
    static const char *const table[][2] = {
        {"cores", "cores"},  {"corse", "cores"},
        {"coers", "cores"},  {"core", "cores"},
        {"xcores", "cores"}, {"cxrxs", "cores"},
        {"cxxxs", NULL},     {"job", "jobs"},
        {"thre", "threads"}, {"threadsafety", NULL},
        {"ordre", "order"},  {"", NULL},
        {"I", "I"},          {"X", NULL},
        {"oder", "order"},   {"a-name-of-much-more-than-forty-letters-that-is-no-option", NULL},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *near = opt_nearest(table[i][0], words);
        if (near != table[i][1] && (!near || !table[i][1] || strcmp(near, table[i][1]) != 0))
            fail_msg("'%s': %s", table[i][0], near ? near : "none");
    }
}

static void test_help(void **state)
{
    (void)state;
    CLEANUP_STR struct str text = {0};
    opt_help(options, 2, &text);
    assert_non_null(strstr(str_text(&text), "  -o, --log FILE "));
    assert_non_null(strstr(str_text(&text), "      --lang LANG "));
    assert_null(strstr(str_text(&text), "cores"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
