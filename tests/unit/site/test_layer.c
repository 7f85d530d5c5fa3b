// SPDX-License-Identifier: Apache-2.0
// What a file may say of options, and what is said of what it may not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site/layer.h"

enum { MAP = 1, RUN = 2, PIP = 4, STATUS = 8 };
static const struct opt options[] = {
    {1, 'j', "jobs", "N", "", MAP},
    {2, 0, "strict", NULL, "", MAP | RUN},
    {3, 0, "with", "PACKAGE,...", "", MAP | RUN, OPT_LIST | OPT_COMMAS},
    {4, 0, "link", NULL, "", MAP},
    {5, 0, "link", "auto|sym", "", RUN | PIP},
    {6, 0, "resume", NULL, "", MAP, OPT_ONCE},
    {7, 0, "check", NULL, "", STATUS},
    {8, 0, "upgrade", NULL, "", PIP, OPT_ONCE},
    {0},
};
static const struct layer_known known = {
    .options = options,
    .bits = MAP | RUN | PIP,
    .command = {{"map", MAP}, {"run", RUN}, {"pip", PIP}},
    .count = 3,
};

static int read_text(struct document *document, const char *text, struct layer *layer,
                     struct err *err)
{
    *layer = (struct layer){0};
    *err = (struct err){0};
    *document = (struct document){0};
    return document_parse(document, "/p/lopin.toml", text, strlen(text), 0, err) < 0
               ? -1
               : layer_read(document, &known, layer, err);
}

// "map.jobs=4 strict=true with=[a|b]": the items in order, lines behind '@'.
static void add_items(const struct layer *layer, struct str *into)
{
    for (size_t i = 0; i < layer->count; i++) {
        const struct layer_item *item = &layer->item[i];
        str_print(into, "%s%s%s%s@%u=", i ? " " : "", item->table ? item->table : "",
                  item->table ? "." : "", item->key, item->line);
        if (item->is_flag)
            str_add(into, item->flag ? "true" : "false");
        for (size_t k = 0; k < item->count; k++)
            str_print(into, "%s%s", k ? "|" : "", item->text[k]);
    }
}

static void test_values(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"jobs = 4", "jobs@1=4"},
        {"jobs = 'auto'\n", "jobs@1=auto"},
        {"jobs = -1", "jobs@1=-1"},
        {"jobs = 1.5", "jobs@1=1.5"},
        {"jobs = 3.10", "jobs@1=3.10"},
        {"map = {jobs = 3.10}", "map.jobs@1=3.10"},
        {"strict = true\r\nwith = ['\u00e9', 3.10, +1.50]",
         "strict@1=true with@2=\u00e9|3.10|+1.50"},
        {"jobs = 1_000.50", "jobs@1=1000.5"},
        {"jobs = nan", "jobs@1=nan"},
        {"jobs = 9223372036854775807", "jobs@1=9223372036854775807"},
        {"\n\nstrict = false", "strict@3=false"},
        {"with = ['a', \"b>=1,<2\", 'c;x']", "with@1=a|b>=1,<2|c;x"},
        {"with = 'a,b'", "with@1=a,b"},
        {"with = []", "with@1="},
        {"jobs = 1\n[map]\njobs = 2\n", "map.jobs@3=2 jobs@1=1"},
        {"map.jobs = 2", "map.jobs@1=2"},
        {"map = {jobs = 2}", "map.jobs@1=2"},
        {"link = true", "link@1=true"},
        {"link = 'sym'", "link@1=sym"},
        {"[run]\nlink = 'sym'", "run.link@2=sym"},
        {"jobs = \"a\\nb\"", "jobs@1=a\nb"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct document document;
        struct layer layer;
        struct err err;
        CLEANUP_STR struct str items = {0};
        if (read_text(&document, cases[i].text, &layer, &err) < 0)
            fail_msg("%s: %s", cases[i].text, err.text);
        add_items(&layer, &items);
        assert_string_equal(str_text(&items), cases[i].expected);
        layer_free(&layer);
        document_free(&document);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *error, *hint;
    } cases[] = {
        {"jbos = 4", "/p/lopin.toml:1: unknown key 'jbos'", "try\tjobs"},
        {"\n[mpa]\n", "/p/lopin.toml:2: unknown key 'mpa'", "try\tmap"},
        {"[status]\ncheck = true", "/p/lopin.toml:1: unknown key 'status'", NULL},
        {"check = true", "/p/lopin.toml:1: unknown key 'check'", NULL},
        {"[run]\njobs = 4", "/p/lopin.toml:2: jobs is no option of lopin run", "try\t[map]"},
        {"\"a\\u001b[2J\" = 1", "/p/lopin.toml:1: unknown key 'a\\x1b[2J'", NULL},
        {"resume = true", "/p/lopin.toml:1: resume belongs to one line, not to a file", NULL},
        {"upgrade = 'x'", "/p/lopin.toml:1: upgrade belongs to one line, not to a file", NULL},
        {"strict = 1", "/p/lopin.toml:1: strict must be true or false", NULL},
        {"strict = 'yes'", "/p/lopin.toml:1: strict must be true or false", NULL},
        {"jobs = true", "/p/lopin.toml:1: the value of jobs is not one that --jobs takes",
         "try\tjobs = \"N\""},
        {"jobs = [4]", "/p/lopin.toml:1: the value of jobs is not one that --jobs takes", NULL},
        {"jobs = 2020-01-01", "/p/lopin.toml:1: the value of jobs is not one that --jobs takes",
         NULL},
        {"with = ['a', true]", "/p/lopin.toml:1: the value of with is not one", NULL},
        {"with = ['a', ['b']]", "/p/lopin.toml:1: the value of with is not one", NULL},
        {"with = \"a\\u0000b\"", "/p/lopin.toml:1: the value of with is not one", NULL},
        {"[map.jobs]\nx = 1", "/p/lopin.toml:1: the value of jobs is not one", NULL},
        {"map = 3", "/p/lopin.toml:1: map must be a table", "try\t[map]"},
        {"[[map]]\njobs = 3", "/p/lopin.toml:1: map must be a table", NULL},
        {"[with]\na = 'b'", "/p/lopin.toml:1: the value of with is not one", "try\twith = [\""},
        {"with = {a = '1'}", "/p/lopin.toml:1: the value of with is not one", NULL},
        {"jobs = 01:00:00", "/p/lopin.toml:1: the value of jobs is not one",
         "try\tjobs = \"01:00:00\""},
        {"jobs = ", "/p/lopin.toml: line 1, column", NULL},
        {"strict = true\nwith = numpy", "/p/lopin.toml: line 2", "try\twith = \"numpy\""},
        {"\n\nwith=numpy>=1 # x\n", "/p/lopin.toml: line 3", "try\twith= \"numpy>=1\""},
        {"strict = true\nstrict = true\n", "/p/lopin.toml: line 2", ""},
        {"time = 1:00:00\n", "/p/lopin.toml: line 1", NULL},
        {"jobs = 1\njobs = 2", "/p/lopin.toml: line 2, column", NULL},
        {"jobs = '\xff'", "/p/lopin.toml: line 1, column", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct document document;
        struct layer layer;
        struct err err;
        if (read_text(&document, cases[i].text, &layer, &err) == 0)
            fail_msg("taken: %s", cases[i].text);
        assert_int_equal(err.code, ERR_CONFIG);
        if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("%s: %s", cases[i].text, err.text);
        if (cases[i].hint && (*cases[i].hint ? !strstr(err.hint, cases[i].hint) : *err.hint))
            fail_msg("%s: hint %s", cases[i].text, err.hint);
        layer_free(&layer);
        document_free(&document);
    }
}

// Options of one name that are different ones for different commands.
static void test_options_of_commands(void **state)
{
    struct document document;
    struct layer layer;
    struct err err;
    (void)state;
    assert_int_equal(read_text(&document, "link = 'sym'", &layer, &err), 0);
    assert_null(layer_option(&layer.item[0], options, MAP));
    assert_int_equal(layer_option(&layer.item[0], options, RUN)->id, 5);
    assert_null(layer_option(&layer.item[0], options, STATUS));
    layer_free(&layer);
    document_free(&document);
    assert_int_equal(read_text(&document, "[map]\nlink = true", &layer, &err), 0);
    assert_int_equal(layer_option(&layer.item[0], options, MAP)->id, 4);
    assert_null(layer_option(&layer.item[0], options, RUN));
    layer_free(&layer);
    document_free(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_options_of_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
