// SPDX-License-Identifier: Apache-2.0
// Specifiers: local versions, pre-releases, prefixes, what is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/specifier.h"

static const struct {
    const char *set, *yes,
        *no; // versions with ' ' between, whatever is said about pre-releases
} cases[] = {
    {"", "1.0 1.0a1 anything", ""},
    {"==1.26.4", "1.26.4 1.26.4.0 1.26.4+computecanada", "1.26.5 1.26.4.post1 1.26.4rc1"},
    {"==1.26.4+site", "1.26.4+site 1.26.4+SITE", "1.26.4 1.26.4+other"},
    {"!=1.26.4", "1.26.5 1.26.4.post1", "1.26.4 1.26.4+computecanada"},
    {"==1.2.*", "1.2 1.2.9 1.2.dev0 1.2rc1 1.2.post1 1.2+x 1.2.0.0.1",
     "1.1 1.3.dev0 1.20 1!1.2 1"},
    {"!=1.2.*", "1.3 1.1", "1.2 1.2.5"},
    {"==1.2.0.*", "1.2 1.2.0.7", "1.2.1"},
    {"~=2.2", "2.2 2.9 2.2.post3 2.2+x", "2.1 3.0 2.2rc1 3.0.dev0"},
    {"~=2.2.0", "2.2.9", "2.3"},
    {"~=1.4.5a4", "1.4.5a4 1.4.6", "1.4.5a3 1.5.0 1.5.dev0"},
    {">=1.0", "1.0 1.0+x 1.0.post1", "1.0rc1 0.9"},
    {"<=1.0", "1.0 1.0+x 1.0rc1", "1.0.post1 1.0.1"},
    {">1.0", "1.1 1.0.1 1.1.dev0", "1.0 1.0.post1 1.0+x 1.0.post1.dev1"},
    {">1.0.post1", "1.0.post2 1.0.post2.dev0", "1.0.post1 1.0.post1+x"},
    {">1.0a1", "1.0a2.dev1 1.0", "1.0a1 1.0a1.post1"},
    {">1.0.dev1", "1.0.dev2 1.0", "1.0.dev1 1.0.dev1+x"},
    {"<1.0", "0.9 0.9.post1", "1.0 1.0rc1 1.0.dev0 1.0a1.post1"},
    {"<1.0rc1", "1.0b1 1.0rc1.dev0", "1.0rc1 1.0"},
    {"<1.0.post1", "1.0 1.0+x", "1.0.post1 1.0.post1.dev0"},
    {"===1.0", "1.0", "1.0.0 1.0+x v1.0"},
    {"===Foo", "foo FOO", "foobar"},
    {">=1, <2 ,, !=1.5", "1.0 1.9", "1.5 2.0 0.9"},
};
static const struct {
    const char *text, *normal; // NULL: invalid
} texts[] = {
    {">= 1.0 , <2", "<2,>=1.0"},
    {"==1.0,==1.0.0", "==1.0"},
    {"~=1.0,~=1.00,~=1.0.0", "~=1.0,~=1.0.0"},
    {"===a b", NULL},
    {"=== a", "===a"},
    {"1.0", NULL},
    {"=1.0", NULL},
    {"~=1", NULL},
    {">=1.*", NULL},
    {">=1+x", NULL},
    {"==1a1.*", NULL},
    {"==1.*.1", NULL},
    {"==", NULL},
    {",", ""},
    {"==v1.0-A1", "==v1.0-A1"},
    {"<>1", NULL},
    {">1;", NULL},
};

static void check(const char *set_text, const char *versions, int wanted)
{
    struct arena arena = {0};
    struct specifiers set;
    assert_int_equal(specifiers_parse(&arena, piece_of(set_text), &set, NULL), 0);
    for (struct piece rest = piece_of(versions); rest.size;) {
        struct piece text = piece_cut(&rest, ' ');
        const struct candidate candidate = {text, version_parse(&arena, text, NULL)};
        print_message("# %s %.*s\n", set_text, (int)text.size, text.text);
        assert_int_equal(specifiers_contain(&set, &candidate, PRERELEASES_YES), wanted);
    }
    arena_free(&arena);
}

static void test_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check(cases[i].set, cases[i].yes, 1);
        check(cases[i].set, cases[i].no, 0);
    }
}

static void test_texts(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct str normal = {0};
        struct specifiers set;
        print_message("# %s\n", texts[i].text);
        assert_int_equal(specifiers_parse(&arena, piece_of(texts[i].text), &set, NULL),
                         texts[i].normal ? 0 : -1);
        if (texts[i].normal) {
            specifiers_add(&normal, &set);
            assert_string_equal(str_text(&normal), texts[i].normal);
        }
        str_free(&normal);
    }
    arena_free(&arena);
}

// Which of 0.9, 1.0rc1, 1.0, 1.1.dev1 are taken.
static void taken(const char *text, enum prereleases prereleases, const char *wanted)
{
    static const char *const versions[] = {"0.9", "1.0rc1", "1.0", "1.1.dev1"};
    struct candidate candidates[COUNT(versions)];
    unsigned char keep[COUNT(versions)];
    struct arena arena = {0};
    struct specifiers set;
    assert_int_equal(specifiers_parse(&arena, piece_of(text), &set, NULL), 0);
    for (size_t i = 0; i < COUNT(versions); i++)
        candidates[i] = (struct candidate){piece_of(versions[i]),
                                           version_parse(&arena, piece_of(versions[i]), NULL)};
    specifiers_filter(&set, candidates, COUNT(versions), prereleases, keep);
    for (size_t i = 0; i < COUNT(versions); i++)
        assert_int_equal(keep[i], wanted[i] - '0');
    arena_free(&arena);
}

static void test_prereleases(void **state)
{
    (void)state;
    taken("", PRERELEASES_AUTO, "1010");
    taken("", PRERELEASES_YES, "1111");
    taken(">0.9", PRERELEASES_AUTO, "0010");
    taken(">1.0", PRERELEASES_AUTO, "0001"); // no final satisfies
    taken(">1.0", PRERELEASES_NO, "0000");
    taken(">=1.0rc1", PRERELEASES_AUTO, "0111"); // one is named
    taken("!=1.0rc1", PRERELEASES_AUTO, "1010");
    taken(">=1.0rc1", PRERELEASES_NO, "0010");
}

// 100,000 specifiers are read in linear time, so that no metadata stops a resolver.
static void test_many(void **state)
{
    struct arena arena = {0};
    struct str text = {0};
    struct specifiers set;
    (void)state;
    for (int i = 0; i < 100000; i++)
        str_print(&text, "!=1.%d.0,!=1.%d,", i, i);
    assert_int_equal(specifiers_parse(&arena, piece_of(text.text), &set, NULL), 0);
    assert_int_equal(set.count, 100000);
    assert_int_equal(set.written, 200000);
    str_free(&text);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_prereleases),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
