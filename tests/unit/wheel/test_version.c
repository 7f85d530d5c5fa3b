// SPDX-License-Identifier: Apache-2.0
// Versions: spellings, normal forms, order (PEP 440, with its own examples).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/version.h"

static const struct {
    const char *text, *normal, *public, *base;
} spellings[] = {
    {"1.0", "1.0", "1.0", "1.0"},
    {" v1.0\n", "1.0", "1.0", "1.0"},
    {"0!1.0", "1.0", "1.0", "1.0"},
    {"01!1.00", "1!1.0", "1!1.0", "1!1.0"},
    {"1.1RC1", "1.1rc1", "1.1rc1", "1.1"},
    {"1.0-c.3", "1.0rc3", "1.0rc3", "1.0"},
    {"1.0_preview", "1.0rc0", "1.0rc0", "1.0"},
    {"1.0alpha-", "1.0a0", "1.0a0", "1.0"},
    {"1.0beta.2-r3", "1.0b2.post3", "1.0b2.post3", "1.0"},
    {"1.0-1", "1.0.post1", "1.0.post1", "1.0"},
    {"1.0-0", "1.0.post0", "1.0.post0", "1.0"},
    {"1.0a-1", "1.0a1", "1.0a1", "1.0"},
    {"1.0a--1", "1.0a0.post1", "1.0a0.post1", "1.0"},
    {"1.0rev4DEV", "1.0.post4.dev0", "1.0.post4.dev0", "1.0"},
    {"1.26.4+ComputeCanada", "1.26.4+computecanada", "1.26.4", "1.26.4"},
    {"1.0+ubuntu_007-X", "1.0+ubuntu.7.x", "1.0", "1.0"},
    {"99999999999999999999999.0", "99999999999999999999999.0", "99999999999999999999999.0",
     "99999999999999999999999.0"},
    {"1.0.dev0+0", "1.0.dev0+0", "1.0.dev0", "1.0"},
};
static const char *const invalid[] = {
    "",        " ",          "a",       "1.",        ".1",      "1..2",   "1.0+",
    "1.0+a+b", "1.0+a..b",   "1!",      "!1",        "1.0-",    "1.0 a1", "1.0.*",
    "vv1",     "1.0post-1x", "1.0-1-2", "1\xd9\xa3", "1.0\xff", "1_0",    "1.0+\xc3\xa9",
};
// Each is less than what follows; a text with '=' holds equal ones.
static const char *const order[] = {
    "0.dev0",
    "0",
    "1.dev0=1.0.dev0",
    "1.0.dev456",
    "1.0a1",
    "1.0a2.dev456",
    "1.0a12.dev456",
    "1.0a12=1.0.0-alpha12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1=1.0c1",
    "1.0=1=1.0.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0+5.a",
    "1.0+10",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.1.dev1",
    "1.10",
    "1.99999999999999999999",
    "1.100000000000000000000",
    "1!0.1.dev1",
};

static const char *written(struct str *into, const struct version *version,
                           enum version_part part)
{
    str_clear(into);
    version_add(into, version, part);
    return into->text;
}

static void test_spellings(void **state)
{
    struct arena arena = {0};
    struct str text = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        const struct version *version =
            version_parse(&arena, piece_of(spellings[i].text), NULL);
        assert_non_null(version);
        assert_string_equal(written(&text, version, VERSION_WHOLE), spellings[i].normal);
        assert_string_equal(written(&text, version, VERSION_PUBLIC), spellings[i].public);
        assert_string_equal(written(&text, version, VERSION_BASE), spellings[i].base);
    }
    for (size_t i = 0; i < COUNT(invalid); i++) {
        struct err err = {0};
        assert_null(version_parse(&arena, piece_of(invalid[i]), &err));
        assert_int_equal(err.code, ERR_USAGE);
    }
    str_free(&text);
    arena_free(&arena);
}

static void test_order(void **state)
{
    struct arena arena = {0};
    const struct version *all[64];
    size_t rank[64], count = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(order); i++)
        for (struct piece rest = piece_of(order[i]); rest.text; count++) {
            all[count] = version_parse(&arena, piece_cut(&rest, '='), NULL);
            assert_non_null(all[count]);
            rank[count] = i;
        }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            assert_int_equal(version_compare(all[i], all[j], VERSION_WHOLE),
                             (rank[i] > rank[j]) - (rank[i] < rank[j]));
    arena_free(&arena);
}

static void test_trimmed(void **state)
{
    struct arena arena = {0};
    struct str text = {0};
    (void)state;
    version_add_trimmed(&text, version_parse(&arena, piece_of("1!2.0.0rc1+x.0"), NULL));
    assert_string_equal(text.text, "1!2rc1+x.0");
    str_clear(&text);
    version_add_trimmed(&text, version_parse(&arena, piece_of("0.0"), NULL));
    assert_string_equal(text.text, "0");
    str_free(&text);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_trimmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
