// SPDX-License-Identifier: Apache-2.0
// Datasets from words, globs and files; combined, linked, picked; ordered.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cmocka.h"
#include "dataset/datasets.h"
#include "folder.h"

// What a read gives, as one text: columns joined by '|', each dataset ended by ';'.
static char *shown(const struct datasets *datasets)
{
    struct str text = {0};

    for (size_t i = 0; i < datasets->count; i++) {
        for (size_t j = 0; j < datasets->columns; j++) {
            if (j > 0)
                str_add_char(&text, '|');
            str_add(&text, datasets->item[i].column[j]);
        }
        str_add_char(&text, ';');
    }
    return str_take(&text);
}

static char *names_shown(const struct datasets *datasets)
{
    struct str text = {0};

    for (size_t i = 0; datasets->name != NULL && i < datasets->columns; i++)
        str_print(&text, "%s%s", i > 0 ? "|" : "", datasets->name[i]);
    return str_take(&text);
}

static const struct file_case {
    const char *name, *content;
    const char *colsep;
    int header;
    const char *expect, *names; // expect NULL: the error's code and text
    int code;
    const char *words;
} files[] = {
    {"plain", "a\nb\n", .expect = "a;b;"},
    {"no newline at the end", "a\nb", .expect = "a;b;"},
    {"carriage returns", "a\r\nb\r\n", .expect = "a;b;"},
    {"empty lines", "\n\na\n\n\r\nb\n\n", .expect = "a;b;"},
    {"spaces stay", " a \n\tb\n", .expect = " a ;\tb;"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a\n",
     .expect = "a;"},
    {"not UTF-8", "\xff\xfe\n", .expect = "\xff\xfe;"},
    {"empty", "", .code = ERR_NO_DATASET, .words = "no dataset in 'list'"},
    {"only empty lines", "\n\r\n\n", .code = ERR_NO_DATASET, .words = "no dataset in 'list'"},
    {"colsep", "a,1\nb,2\n", ",", .expect = "a|1;b|2;"},
    {"colsep of more bytes", "a::1\nb::2\n", "::", .expect = "a|1;b|2;"},
    {"colsep as backslash t", "a\t1\nb\t2\n", "\\t", .expect = "a|1;b|2;"},
    {"empty cells", ",\na,\n", ",", .expect = "|;a|;"},
    {"a row too short", "a,1\n\nb\n", ",", .code = ERR_USAGE,
     .words = "list:3: 1 columns where the first line has 2"},
    {"a row too long", "a,1\nb,2,3\n", ",", .code = ERR_USAGE,
     .words = "list:2: 3 columns where the first line has 2"},
    {"header with tabs", "x\ty\na,b\t1\n", NULL, 1, .expect = "a,b|1;", .names = "x|y"},
    {"header with commas", "x, y\na,1\n", NULL, 1, .expect = "a|1;", .names = "x|y"},
    {"header with both", "x,z\ty\na,b\t1\n", NULL, 1, .expect = "a,b|1;", .names = "x,z|y"},
    {"header of one column", "file\na\nb\n", NULL, 1, .expect = "a;b;", .names = "file"},
    {"header, nothing else", "x,y\n", NULL, 1, .code = ERR_NO_DATASET,
     .words = "no dataset in 'list'"},
    {"header with a name twice", "x,x\na,b\n", NULL, 1, .code = ERR_USAGE,
     .words = "list:1: two columns are named 'x'"},
    {"header, row too short", "x,y\na\n", NULL, 1, .code = ERR_USAGE,
     .words = "list:2: 1 columns where the first line has 2"},
    {"quotes of CSV", "x,y\n\"a, b\",\"c \"\"d\"\"\"\n\"\",2\n", NULL, 1,
     .expect = "a, b|c \"d\";|2;", .names = "x|y"},
    {"quotes without end", "x,y\n\"a,1\n", NULL, 1, .code = ERR_USAGE,
     .words = "list:2: a quoted cell that does not end at a separator"},
    {"quotes inside a cell", "a\"b,\"c\"\n", ",", .expect = "a\"b|c;"},
    {"quotes are bytes with other separators", "\"a\":\"b\"\n", ":", .expect = "\"a\"|\"b\";"},
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        const struct dataset_list list = {.file = "list"};
        const struct dataset_options options = {
            .list = &list, .lists = 1, .colsep = files[i].colsep, .header = files[i].header};
        struct datasets datasets;
        struct err err = {0};

        print_message("# %s\n", files[i].name);
        folder_text("list", files[i].content);
        int result = datasets_read(&options, &datasets, &err);

        assert_int_equal(err.code, files[i].code);
        assert_int_equal(result, files[i].expect != NULL ? 0 : -1);
        if (files[i].expect != NULL) {
            CLEANUP_FREE char *text = shown(&datasets);
            CLEANUP_FREE char *names = names_shown(&datasets);

            assert_string_equal(text, files[i].expect);
            assert_string_equal(names, files[i].names != NULL ? files[i].names : "");
        } else {
            assert_string_equal(err.text, files[i].words);
        }
        datasets_free(&datasets);
    }
}

static const struct json_case {
    const char *content, *expect, *names;
    int code;
    const char *words;
} jsons[] = {
    {"{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\",\"a\":2}\n", "1|x;2|y;", "a|b"},
    {"\"x y\"\n\"\\u00e9\\n\"\n3\n-1.50e+3\n", "x y;\xc3\xa9\n;3;-1.50e+3;", ""},
    {"{\"n\":0.10}\n{\"n\":12345678901234567890123}\n", "0.10;12345678901234567890123;", "n"},
    {" {\"a\" : [ 1, 2.0 , \"x  y\\\"]\" ] , \"b\":{ \"c\" : null } }\r\n",
     "[1,2.0,\"x  y\\\"]\"]|{\"c\":null};", "a|b"},
    {"{\"a\":true,\"b\":null}\n\n", "true|null;", "a|b"},
    {"{\"a b\":\"\"}\n", ";", "a b"},
    {"{\"a\":1}\n{\"b\":1}\n", NULL, NULL, ERR_USAGE,
     "list.jsonl:2: 'b', which the first line does not have"},
    {"{\"a\":1,\"b\":2}\n{\"a\":1}\n", NULL, NULL, ERR_USAGE,
     "list.jsonl:2: no 'b', which the first line has"},
    {"{\"a\":1}\n3\n", NULL, NULL, ERR_USAGE,
     "list.jsonl:2: no object, where the first line has one"},
    {"3\n{\"a\":1}\n", NULL, NULL, ERR_USAGE,
     "list.jsonl:2: an object, where the first line has none"},
    {"[1]\n", NULL, NULL, ERR_USAGE,
     "list.jsonl:1: neither an object nor a string nor a number"},
    {"{}\n", NULL, NULL, ERR_USAGE, "list.jsonl:1: an empty object"},
    {"", NULL, NULL, ERR_NO_DATASET, "no dataset in 'list.jsonl'"},
};

static void test_jsonl(void **state)
{
    const struct dataset_list list = {.file = "list.jsonl"};
    const struct dataset_options options = {.list = &list, .lists = 1};

    (void)state;
    for (size_t i = 0; i < COUNT(jsons); i++) {
        struct datasets datasets;
        struct err err = {0};

        print_message("# %zu\n", i);
        folder_text("list.jsonl", jsons[i].content);
        int result = datasets_read(&options, &datasets, &err);

        assert_int_equal(err.code, jsons[i].code);
        assert_int_equal(result, jsons[i].expect != NULL ? 0 : -1);
        if (jsons[i].expect != NULL) {
            CLEANUP_FREE char *text = shown(&datasets);
            CLEANUP_FREE char *names = names_shown(&datasets);

            assert_string_equal(text, jsons[i].expect);
            assert_string_equal(names, jsons[i].names);
            assert_int_equal(datasets.json, 1);
        } else {
            assert_string_equal(err.text, jsons[i].words);
        }
        datasets_free(&datasets);
    }
}

static void test_jsonl_bad(void **state)
{
    static const char *const lines[] = {"{",   "\"a",     "{\"a\":1}}",  "{\"a\":1,\"a\":2}",
                                        "nul", "{'a':1}", "\"\\u0000\"", "\"\xff\"",
                                        "1 2"};
    const struct dataset_list list = {.file = "list.jsonl"};
    const struct dataset_options options = {.list = &list, .lists = 1};

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct datasets datasets;
        struct err err = {0};

        folder_text("list.jsonl", lines[i]);
        assert_int_equal(datasets_read(&options, &datasets, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_int_equal(strncmp(err.text, "list.jsonl:1: not JSON: ", 24), 0);
        datasets_free(&datasets);
    }
}

static const char *const letters[] = {"a", "b"};
static const char *const digits[] = {"1", "2", "3"};

static const struct list_case {
    int link;
    const char *only;
    size_t digits;
    const char *expect;
    int code;
    const char *words;
} lists[] = {
    {0, NULL, 3, "a|1;a|2;a|3;b|1;b|2;b|3;", 0, NULL},
    {1, NULL, 2, "a|1;b|2;", 0, NULL},
    {1, NULL, 3, NULL, ERR_USAGE, "--link: list 1 has 2 datasets, list 2 has 3"},
    {0, "1", 3, "a|1;", 0, NULL},
    {0, "6,1-2", 3, "a|1;a|2;b|3;", 0, NULL},
    {0, "1-6:2", 3, "a|1;a|3;b|2;", 0, NULL},
    {0, "1-6:100", 3, "a|1;", 0, NULL},
    {0, "2,2,1-3", 3, "a|1;a|2;a|3;", 0, NULL},
    {0, "0", 3, NULL, ERR_USAGE, "-a 0: wants a list of 1-6, as in 3,5-9,20-100:10"},
    {0, "1-7", 3, NULL, ERR_USAGE, "-a 1-7: wants a list of 1-6, as in 3,5-9,20-100:10"},
    {0, "3-1", 3, NULL, ERR_USAGE, NULL},
    {0, "", 3, NULL, ERR_USAGE, NULL},
    {0, "1,", 3, NULL, ERR_USAGE, NULL},
    {0, "1-3:0", 3, NULL, ERR_USAGE, NULL},
    {0, "1 ", 3, NULL, ERR_USAGE, NULL},
    {0, "-1", 3, NULL, ERR_USAGE, NULL},
    {0, "99999999999999999999999", 3, NULL, ERR_USAGE, NULL},
};

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lists); i++) {
        const struct dataset_list two[] = {{.word = letters, .count = 2},
                                           {.word = digits, .count = lists[i].digits}};
        const struct dataset_options options = {
            .list = two, .lists = 2, .link = lists[i].link, .only = lists[i].only};
        struct datasets datasets;
        struct err err = {0};
        int result = datasets_read(&options, &datasets, &err);

        assert_int_equal(err.code, lists[i].code);
        assert_int_equal(result, lists[i].expect != NULL ? 0 : -1);
        if (lists[i].expect != NULL) {
            CLEANUP_FREE char *text = shown(&datasets);

            assert_string_equal(text, lists[i].expect);
            assert_string_equal(datasets.item[0].text, "a\t1");
            assert_int_equal(datasets.item[0].number, 1);
        } else if (lists[i].words != NULL) {
            assert_string_equal(err.text, lists[i].words);
        }
        datasets_free(&datasets);
    }
}

static void test_numbers_stay(void **state)
{
    const struct dataset_list list = {.word = digits, .count = 3};
    const struct dataset_options options = {.list = &list, .lists = 1, .only = "2-3"};
    struct datasets datasets;

    (void)state;
    assert_int_equal(datasets_read(&options, &datasets, NULL), 0);
    assert_int_equal(datasets.count, 2);
    assert_int_equal(datasets.item[0].number, 2);
    assert_int_equal(datasets.item[1].number, 3);
    datasets_free(&datasets);
}

static void test_mixed_lists(void **state)
{
    const struct dataset_list two[] = {{.file = "list"}, {.word = letters, .count = 2}};
    const struct dataset_options options = {.list = two, .lists = 2, .header = 1};
    struct datasets datasets;

    (void)state;
    folder_text("list", "x,y\n1,2\n");
    assert_int_equal(datasets_read(&options, &datasets, NULL), 0);
    CLEANUP_FREE char *text = shown(&datasets);
    CLEANUP_FREE char *names = names_shown(&datasets);

    assert_string_equal(text, "1|2|a;1|2|b;");
    assert_string_equal(names, "x|y|");
    assert_string_equal(datasets.item[1].text, "1\t2\tb");
    datasets_free(&datasets);
}

static const struct wrong_case {
    struct dataset_list list[2];
    size_t lists;
    int header;
    const char *colsep;
    int code;
    const char *words;
} wrongs[] = {
    {{{0}}, 0, 0, NULL, ERR_NO_DATASET, "no dataset"},
    {{{.word = letters, .count = 0}}, 1, 0, NULL, ERR_NO_DATASET, "no dataset"},
    {{{.file = "-"}, {.file = "-"}},
     2,
     0,
     NULL,
     ERR_USAGE,
     "input can be read once only: '-' is given 2 times"},
    {{{.word = letters, .count = 2}},
     1,
     1,
     NULL,
     ERR_USAGE,
     "--header is for datasets from a file (--from, ::::)"},
    {{{.word = letters, .count = 2}},
     1,
     0,
     ",",
     ERR_USAGE,
     "--colsep is for datasets from a file (--from, ::::)"},
    {{{.file = "list"}}, 1, 0, "", ERR_USAGE, "--colsep wants a separator"},
    {{{.file = "absent"}},
     1,
     0,
     NULL,
     ERR_NO_DATASET,
     "cannot read the list of datasets 'absent': no such file or folder"},
    {{{.file = "."}},
     1,
     0,
     NULL,
     ERR_NO_DATASET,
     "cannot read the list of datasets '.': is a folder"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrongs); i++) {
        const struct dataset_options options = {.list = wrongs[i].list,
                                                .lists = wrongs[i].lists,
                                                .header = wrongs[i].header,
                                                .colsep = wrongs[i].colsep};
        struct datasets datasets;
        struct err err = {0};

        assert_int_equal(datasets_read(&options, &datasets, &err), -1);
        assert_int_equal(err.code, wrongs[i].code);
        assert_string_equal(err.text, wrongs[i].words);
        datasets_free(&datasets);
    }
}

static void test_too_many(void **state)
{
    struct dataset_list many[40];
    const struct dataset_options options = {.list = many, .lists = COUNT(many)};
    struct datasets datasets;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct dataset_list){.word = digits, .count = 3};
    assert_int_equal(datasets_read(&options, &datasets, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_string_equal(err.text, "more than 100000000 datasets");
    datasets_free(&datasets);
}

static void test_null(void **state)
{
    const struct dataset_list list = {.file = "list"};
    struct dataset_options options = {.list = &list, .lists = 1, .null = 1};
    struct datasets datasets;
    struct err err;

    (void)state;
    folder_write("list", "a\nb\0c\r\0\0d", 9);
    assert_int_equal(datasets_read(&options, &datasets, NULL), 0);
    CLEANUP_FREE char *text = shown(&datasets);

    assert_string_equal(text, "a\nb;c\r;d;");
    datasets_free(&datasets);
    options.null = 0;
    assert_int_equal(datasets_read(&options, &datasets, &err), -1);
    assert_string_equal(err.text, "list:2: a NUL byte in a list of lines");
    datasets_free(&datasets);
}

static void test_globs(void **state)
{
    static const char *const words[] = {"d/*.npz", "plain*", "d/b[1].npz", "x"};
    struct dataset_list list = {.word = words, .count = 4, .quoted = 1};
    const struct dataset_options options = {.list = &list, .lists = 1};
    struct datasets datasets;
    struct err err = {0};

    (void)state;
    folder_text("d/b.npz", "");
    folder_text("d/B.npz", "");
    folder_text("d/a 1.npz", "");
    folder_text("d/.hidden.npz", "");
    folder_text("d/b[1].npz", "");
    folder_text("plain*", "");
    folder_text("plain2", "");
    assert_int_equal(datasets_read(&options, &datasets, NULL), 0);
    CLEANUP_FREE char *text = shown(&datasets);

    assert_string_equal(text, "d/B.npz;d/a 1.npz;d/b.npz;d/b[1].npz;plain*;d/b[1].npz;x;");
    datasets_free(&datasets);

    list.quoted = 0;
    assert_int_equal(datasets_read(&options, &datasets, NULL), 0);
    assert_string_equal(datasets.item[0].text, "d/*.npz");
    datasets_free(&datasets);

    static const char *const none[] = {"dta/*.npz"};

    list = (struct dataset_list){.word = none, .count = 1, .quoted = 1};
    assert_int_equal(datasets_read(&options, &datasets, &err), -1);
    assert_int_equal(err.code, ERR_NO_DATASET);
    assert_string_equal(err.text, "no file matches 'dta/*.npz'");
    assert_non_null(strstr(err.hint, "no folder 'dta/'"));
    datasets_free(&datasets);
}

static void test_order(void **state)
{
    static const char *const words[] = {"small", "absent", "large", "folder", "same1", "same2"};
    const struct dataset_list list = {.word = words, .count = 6};
    const struct dataset_options options = {.list = &list, .lists = 1};
    struct datasets datasets;

    (void)state;
    folder_text("small", "1");
    folder_text("large", "12345");
    folder_text("same1", "123");
    folder_text("same2", "123");
    folder_text("folder/x", "123");
    assert_int_equal(datasets_read(&options, &datasets, NULL), 0);
    datasets_stat(&datasets, AT_FDCWD);
    assert_int_equal(datasets.item[0].size, 1);
    assert_true(datasets.item[0].mtime > 0);
    assert_int_equal(datasets.item[1].size, -1);
    assert_int_equal(datasets.item[3].size, -1);

    CLEANUP_FREE uint32_t *size = datasets_order(&datasets, ORDER_SIZE, 0);
    CLEANUP_FREE uint32_t *given = datasets_order(&datasets, ORDER_GIVEN, 0);
    CLEANUP_FREE uint32_t *random = datasets_order(&datasets, ORDER_RANDOM, 7);
    CLEANUP_FREE uint32_t *again = datasets_order(&datasets, ORDER_RANDOM, 7);
    static const uint32_t expect[] = {2, 4, 5, 0, 1, 3};
    unsigned seen = 0;

    assert_memory_equal(size, expect, sizeof(expect));
    assert_memory_equal(random, again, sizeof(expect));
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(given[i], i);
        seen |= 1U << random[i];
    }
    assert_int_equal(seen, 63);
    datasets_free(&datasets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),       cmocka_unit_test(test_jsonl),
        cmocka_unit_test(test_jsonl_bad),   cmocka_unit_test(test_lists),
        cmocka_unit_test(test_null),        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_order),       cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_too_many),    cmocka_unit_test(test_numbers_stay),
        cmocka_unit_test(test_mixed_lists),
    };

    return cmocka_run_group_tests_name("map/datasets", tests, folder_setup, folder_teardown);
}
