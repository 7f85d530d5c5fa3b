// SPDX-License-Identifier: Apache-2.0
// Placeholders in words, marks, and the keys of datasets. tests/cli/test_expand_oracle.py compares with GNU parallel.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "dataset/expand.h"

static const char *one_column[] = {"data/d01.tar.gz"};
static const char *two_columns[] = {"in/a.npz", "0.5"};
static char *two_names[] = {(char[]){"file"}, (char[]){"tol.x"}};

static struct dataset one_item = {.column = one_column, .text = "data/d01.tar.gz", .number = 7};
static struct dataset two_item = {.column = two_columns, .text = "in/a.npz\t0.5", .number = 2};

static const struct word_case {
    const char *word, *mark;
    int two, output;
    const char *expect; // NULL: [usage]
} words[] = {
    {"{}", NULL, 0, 0, "data/d01.tar.gz"},
    {"{.}", NULL, 0, 0, "data/d01.tar"},
    {"{/}", NULL, 0, 0, "d01.tar.gz"},
    {"{//}", NULL, 0, 0, "data"},
    {"{/.}", NULL, 0, 0, "d01.tar"},
    {"{#}", NULL, 0, 0, "7"},
    {"{%}", NULL, 0, 0, "3"},
    {"{1}", NULL, 0, 0, "data/d01.tar.gz"},
    {"{1/.}", NULL, 0, 0, "d01.tar"},
    {"--in={}:{#}", NULL, 0, 0, "--in=data/d01.tar.gz:7"},
    {"{}{}", NULL, 0, 0, "data/d01.tar.gzdata/d01.tar.gz"},
    {"{out}", NULL, 0, 1, "tmp/o"},
    {"{out}", NULL, 0, 0, NULL},
    {"{2}", NULL, 0, 0, NULL},
    {"{3}", NULL, 1, 0, NULL},
    {"{3/.}", NULL, 1, 0, NULL},
    {"{2}", NULL, 1, 0, "0.5"},
    {"{file}", NULL, 1, 0, "in/a.npz"},
    {"{file/}", NULL, 1, 0, "a.npz"},
    {"{file/.}", NULL, 1, 0, "a"},
    {"{file//}", NULL, 1, 0, "in"},
    {"{file.}", NULL, 1, 0, "in/a"},
    {"{tol.x}", NULL, 1, 0, "0.5"}, // a name as it stands, before its ending is taken off
    {"{tol}", NULL, 1, 0, "{tol}"},
    {"{}", NULL, 1, 0, "in/a.npz\t0.5"},
    {"{\"a\": 1}", NULL, 0, 0, "{\"a\": 1}"},
    {"{print $1}", NULL, 0, 0, "{print $1}"},
    {"{:.3f} {0} {01}", NULL, 0, 0, "{:.3f} {0} {01}"},
    {"{", NULL, 0, 0, "{"},
    {"}{", NULL, 0, 0, "}{"},
    {"{{}}", NULL, 0, 0, "{data/d01.tar.gz}"},
    {"{ {} }", NULL, 0, 0, "{ data/d01.tar.gz }"},
    {"", NULL, 0, 0, ""},
    {"plain", NULL, 0, 0, "plain"},
    // -I
    {"X{}", "X", 0, 0, "data/d01.tar.gz{}"},
    {"X{.}", "X", 0, 0, "data/d01.tar.gzdata/d01.tar"},
    {"@@", "@", 0, 0, "data/d01.tar.gzdata/d01.tar.gz"},
    {"<> <.> </> <#> {} {1}", "<>", 0, 0, "data/d01.tar.gz data/d01.tar d01.tar.gz 7 {} {1}"},
    {"[[]] [[1/]] [] {}", "[[]]", 0, 0, "data/d01.tar.gz d01.tar.gz [] {}"},
    {"{{}} {} {9}", "{{}}", 0, 0, "data/d01.tar.gz {} {9}"},
    {"<out>", "<>", 0, 1, "tmp/o"},
    {"<3>", "<>", 0, 0, NULL},
    {"x", "", 0, 0, NULL},
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        const struct datasets datasets = {.columns = words[i].two ? 2 : 1,
                                          .name = words[i].two ? two_names : NULL};
        const struct expand_value value = {words[i].two ? &two_item : &one_item, 3, "tmp/o"};
        CLEANUP_STR struct str text = {0};
        struct err err = {0};
        struct expand *expand =
            expand_new(&words[i].word, 1, words[i].mark, &datasets, words[i].output, &err);

        print_message("# %s\n", words[i].word);
        assert_int_equal(expand != NULL, words[i].expect != NULL);
        assert_int_equal(err.code, words[i].expect != NULL ? ERR_NONE : ERR_USAGE);
        if (expand == NULL)
            continue;
        expand_words(expand, &value, &text);
        assert_string_equal(text.text, words[i].expect);
        assert_int_equal(text.size, strlen(words[i].expect) + 1);
        expand_free(expand);
    }
}

static const struct cut_case {
    const char *name, *ending, *base, *folder, *base_ending;
} cuts[] = {
    {"a", "a", "a", ".", "a"},
    {"a.b", "a", "a.b", ".", "a"},
    {"a.b.c", "a.b", "a.b.c", ".", "a.b"},
    {"d.e/a", "d.e/a", "a", "d.e", "a"},
    {"d.e/a.", "d.e/a", "a.", "d.e", "a"},
    {".hidden", "", ".hidden", ".", ""},
    {"d/.hidden", "d/", ".hidden", "d", ""},
    {"/a.b", "/a", "a.b", "/", "a"},
    {"a/", "a/", "", ".", ""},
    {"a/b/", "a/b/", "", "a", ""},
    {"a//b", "a//b", "b", "a", "b"},
    {"/", "/", "", "/", ""},
    {"//", "//", "", "/", ""},
    {"//a", "//a", "a", "/", "a"},
    {"", "", "", ".", ""},
    {".", "", ".", ".", ""},
    {"..", ".", "..", ".", "."},
    {"a b'\".c d", "a b'\"", "a b'\".c d", ".", "a b'\""},
    {"x\ny/z.w\n", "x\ny/z", "z.w\n", "x\ny",
     "z"}, // parallel's . and $ mean lines; ours is the whole name
    {"\xff/\xfe.\xfd", "\xff/\xfe", "\xfe.\xfd", "\xff", "\xfe"},
};

static void test_cuts(void **state)
{
    static const char *const template[] = {"{.}", "{/}", "{//}", "{/.}"};
    const struct datasets datasets = {.columns = 1};
    struct expand *expand = expand_new(template, 4, NULL, &datasets, 0, NULL);

    (void)state;
    assert_int_equal(expand_count(expand), 4);
    for (size_t i = 0; i < COUNT(cuts); i++) {
        const char *column[] = {cuts[i].name};
        const struct dataset dataset = {.column = column, .text = cuts[i].name};
        const char *expect[] = {cuts[i].ending, cuts[i].base, cuts[i].folder,
                                cuts[i].base_ending};
        CLEANUP_STR struct str text = {0};
        const char *at;

        print_message("# %zu\n", i);
        expand_words(expand, &(struct expand_value){&dataset, 1, NULL}, &text);
        at = text.text;
        for (size_t j = 0; j < 4; j++) {
            assert_string_equal(at, expect[j]);
            at += strlen(at) + 1;
        }
        assert_ptr_equal(at, text.text + text.size);
    }
    expand_free(expand);
}

static void test_uses(void **state)
{
    static const struct {
        const char *word;
        int dataset, out;
    } uses[] = {{"x", 0, 0},     {"{#}", 0, 0}, {"{%}", 0, 0},
                {"{out}", 0, 1}, {"{}", 1, 0},  {"{/.}{out}", 1, 1}};
    const struct datasets datasets = {.columns = 1};

    (void)state;
    for (size_t i = 0; i < COUNT(uses); i++) {
        struct expand *expand = expand_new(&uses[i].word, 1, NULL, &datasets, 1, NULL);

        assert_int_equal(expand_uses_dataset(expand), uses[i].dataset);
        assert_int_equal(expand_uses_out(expand), uses[i].out);
        expand_free(expand);
    }
}

static void test_no_out_stays(void **state)
{
    static const char *const word[] = {"-o{out}"};
    const struct datasets datasets = {.columns = 1};
    struct expand *expand = expand_new(word, 1, NULL, &datasets, 1, NULL);
    CLEANUP_STR struct str text = {0};

    (void)state;
    expand_words(expand, &(struct expand_value){&one_item, 1, NULL}, &text);
    assert_string_equal(text.text, "-o{out}");
    expand_free(expand);
}

static void test_add_dataset(void **state)
{
    static const struct {
        const char *mark;
        struct datasets datasets;
        const char *expect;
    } adds[] = {
        {NULL, {.columns = 1}, "{} "},
        {NULL, {.columns = 3}, "{1} {2} {3} "},
        {NULL, {.columns = 3, .json = 1}, "{} "},
        {"@", {.columns = 1}, "@ "},
        {"@", {.columns = 2}, "{1} {2} "},
        {"<>", {.columns = 2}, "<1> <2> "},
        {"{{}}", {.columns = 1}, "{{}} "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(adds); i++) {
        CLEANUP_STRV struct strv list = {0};
        CLEANUP_STR struct str text = {0};

        expand_add_dataset(&list, adds[i].mark, &adds[i].datasets);
        for (size_t j = 0; j < list.count; j++)
            str_print(&text, "%s ", list.item[j]);
        assert_string_equal(text.text, adds[i].expect);
    }
}

// Sets keys for a list of texts.
static void keys_of(const char **text, size_t count, const char *const *template,
                    size_t template_count, const char *function, uint64_t *ret)
{
    struct datasets datasets = {.columns = 1};
    struct expand *expand = expand_new(template, template_count, NULL, &datasets, 1, NULL);

    mem_room(&datasets.item, &datasets.room, count, sizeof(*datasets.item));
    for (size_t i = 0; i < count; i++)
        datasets.item[i] =
            (struct dataset){.column = &text[i], .text = text[i], .number = (uint32_t)i + 1};
    datasets.count = count;
    expand_keys(expand, "/s/analyse.py", function, &datasets);
    for (size_t i = 0; i < count; i++)
        ret[i] = datasets.item[i].key;
    datasets_free(&datasets);
    expand_free(expand);
}

static void test_keys(void **state)
{
    const char *given[] = {"a", "b", "a", "c", "a"}, *fewer[] = {"c", "a", "a"};
    static const char *const plain[] = {"--number={#}", "{out}", "{%}", "{}"}, *const other[] =
                                                                                   {"x", "{}"};
    static const char *const none[] = {"x"}, *const joined[] = {"a b"},
                             *const apart[] = {"a", "b"};
    uint64_t all[5], some[3], function[5], word[5], out[2];

    (void)state;
    keys_of(given, 5, plain, 4, NULL, all);
    keys_of(fewer, 3, plain, 4, NULL, some);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(all[i] != all[j]);
    assert_true(some[0] == all[3]); // keys do not know numbers
    assert_true(some[1] == all[0]);
    assert_true(some[2] == all[2]);
    keys_of(given, 5, plain, 4, "fit", function);
    keys_of(given, 5, other, 2, NULL, word);
    assert_true(function[0] != all[0]);
    assert_true(word[0] != all[0]);
    keys_of(given, 5, none, 1, NULL, all); // no word shows the dataset
    keys_of(fewer, 3, none, 1, NULL, some);
    assert_true(all[0] != all[1]);
    assert_true(some[0] == all[3]);
    keys_of(given, 1, joined, 1, NULL, out);
    keys_of(given, 1, apart, 2, NULL, out + 1);
    assert_true(out[0] != out[1]);
}

// Keys are in journals: they may not change from version to version.
static void test_key_is_fixed(void **state)
{
    const char *given[] = {"data/d01.npz", "data/d01.npz"};
    static const char *const plain[] = {"--tol", "1e-6", "{}", "{out}"};
    uint64_t keys[2];

    (void)state;
    keys_of(given, 2, plain, 4, NULL, keys);
    assert_int_equal(keys[0], 0x6e50ea10bf5c4724);
    assert_int_equal(keys[1], 0x398e6256178c5851);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_uses),         cmocka_unit_test(test_no_out_stays),
        cmocka_unit_test(test_add_dataset),  cmocka_unit_test(test_keys),
        cmocka_unit_test(test_key_is_fixed),
    };

    return cmocka_run_group_tests_name("map/expand", tests, NULL, NULL);
}
