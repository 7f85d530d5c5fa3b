// SPDX-License-Identifier: Apache-2.0
// Tags of interpreters and of wheels, and which wheel is better.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/wheelname.h"

static const struct tag_facts ours = {
    .major = 3, .minor = 11, .platform = "linux-x86_64", .glibc = {2, 18}};

static long rank_of(const char *name, const struct tag_facts *facts)
{
    struct arena arena = {0};
    struct tags tags;
    struct wheelname wheel;
    tags_supported(&arena, facts, &tags);
    assert_int_equal(wheelname_parse(&arena, piece_of(name), &wheel, NULL), 0);
    long rank = tag_set_rank(&wheel.tags, &tags);
    tags_free(&tags);
    arena_free(&arena);
    return rank;
}

static void test_order(void **state)
{
    static const char *const better[] = {
        "a-1-cp311-cp311-linux_x86_64.whl",
        "a-1-cp311-cp311-manylinux_2_18_x86_64.whl",
        "a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        "a-1-cp311-abi3-manylinux1_x86_64.whl",
        "a-1-cp36-abi3-linux_x86_64.whl",
        "a-1-py3-none-linux_x86_64.whl",
        "a-1-cp311-none-any.whl",
        "a-1-py311-none-any.whl",
        "a-1-py2.py3-none-any.whl",
        "a-1-py30-none-any.whl",
    };
    static const char *const no[] = {
        "a-1-cp312-cp312-linux_x86_64.whl",          "a-1-cp312-abi3-linux_x86_64.whl",
        "a-1-cp311-cp311-manylinux_2_19_x86_64.whl", "a-1-cp311-cp311-linux_aarch64.whl",
        "a-1-cp311-cp311-musllinux_1_1_x86_64.whl",  "a-1-py2-none-any.whl",
        "a-1-cp311-cp311t-linux_x86_64.whl",
    };
    (void)state;
    assert_int_equal(rank_of(better[0], &ours), 0);
    for (size_t i = 1; i < COUNT(better); i++)
        assert_true(rank_of(better[i - 1], &ours) < rank_of(better[i], &ours));
    for (size_t i = 0; i < COUNT(no); i++)
        assert_int_equal(rank_of(no[i], &ours), -1);
}

static void test_abis(void **state)
{
    struct tag_facts facts = ours;
    (void)state;
    facts.minor = 7;
    assert_int_equal(rank_of("a-1-cp37-cp37m-linux_x86_64.whl", &facts), 0);
    facts.minor = 13;
    facts.no_gil = 1;
    assert_int_equal(rank_of("a-1-cp313-cp313t-linux_x86_64.whl", &facts), 0);
    assert_int_equal(rank_of("a-1-cp313-abi3-linux_x86_64.whl", &facts), -1);
    facts.no_gil = 0;
    facts.debug = 1;
    assert_int_equal(rank_of("a-1-cp313-cp313d-linux_x86_64.whl", &facts), 0);
    assert_true(rank_of("a-1-cp313-cp313-linux_x86_64.whl", &facts) > 0);
}

// A site whose module _manylinux refuses all keeps its own wheels.
static void test_refused(void **state)
{
    const struct libc_version one[] = {{2, 17}};
    struct manylinux module = {.function = 1, .refuse_all = 1};
    struct tag_facts facts = ours;
    (void)state;
    facts.manylinux = &module;
    assert_int_equal(rank_of("a-1-cp311-cp311-linux_x86_64.whl", &facts), 0);
    assert_int_equal(rank_of("a-1-cp311-cp311-manylinux2014_x86_64.whl", &facts), -1);
    assert_true(rank_of("a-1-py3-none-any.whl", &facts) > 0);
    module = (struct manylinux){.function = 1, .refused = one, .refused_count = 1};
    assert_int_equal(rank_of("a-1-cp311-cp311-manylinux2014_x86_64.whl", &facts), -1);
    assert_true(rank_of("a-1-cp311-cp311-manylinux2010_x86_64.whl", &facts) > 0);
    module = (struct manylinux){.one = -1, .y2010 = 0, .y2014 = 1};
    assert_int_equal(rank_of("a-1-cp311-cp311-manylinux2010_x86_64.whl", &facts), -1);
    assert_true(rank_of("a-1-cp311-cp311-manylinux1_x86_64.whl", &facts) > 0);
}

static void test_other_machines(void **state)
{
    struct tag_facts facts = {
        .major = 3, .minor = 12, .platform = "linux-aarch64", .musl = {1, 2}};
    (void)state;
    assert_true(rank_of("a-1-cp312-cp312-musllinux_1_1_aarch64.whl", &facts) > 0);
    assert_int_equal(rank_of("a-1-cp312-cp312-musllinux_1_3_aarch64.whl", &facts), -1);
    facts = (struct tag_facts){
        .major = 3, .minor = 12, .platform = "linux-x86_64", .is_32bit = 1, .glibc = {2, 5}};
    assert_int_equal(rank_of("a-1-cp312-cp312-linux_i686.whl", &facts), 0);
    assert_int_equal(rank_of("a-1-cp312-cp312-manylinux1_i686.whl", &facts), -1);
    facts.has_abi = 1;
    assert_true(rank_of("a-1-cp312-cp312-manylinux1_i686.whl", &facts) > 0);
}

static void test_names(void **state)
{
    static const char *const builds[] = {"a-1-py3-none-any.whl", "a-1-1-py3-none-any.whl",
                                         "a-1-2b-py3-none-any.whl", "a-1-02c-py3-none-any.whl",
                                         "a-1-10-py3-none-any.whl"};
    static const char *const invalid[] = {"a-1-py3-none-any.zip",
                                          "a-1-none-any.whl",
                                          "a-1-x-py3-none-any.whl",
                                          "a__b-1-py3-none-any.whl",
                                          "-1-py3-none-any.whl",
                                          "a-x-py3-none-any.whl",
                                          "a-1-1-2-py3-none-any.whl",
                                          "a-1-3py-none-any.whl",
                                          "a-1-py3..py2-none-any.whl",
                                          ".whl",
                                          ""};
    struct arena arena = {0};
    struct wheelname name[COUNT(builds)];
    struct sdistname sdist;
    (void)state;
    for (size_t i = 0; i < COUNT(builds); i++)
        assert_int_equal(wheelname_parse(&arena, piece_of(builds[i]), &name[i], NULL), 0);
    for (size_t i = 0; i < COUNT(builds); i++)
        for (size_t j = 0; j < COUNT(builds); j++)
            assert_int_equal(wheelname_compare_build(&name[i], &name[j]), (i > j) - (i < j));
    for (size_t i = 0; i < COUNT(invalid); i++)
        assert_int_equal(wheelname_parse(&arena, piece_of(invalid[i]), &name[0], NULL), -1);
    assert_int_equal(
        sdistname_parse(&arena, piece_of("Zope.interface-5.0.tar.gz"), &sdist, NULL), 0);
    assert_true(piece_is(sdist.normal, "zope-interface"));
    assert_int_equal(sdistname_parse(&arena, piece_of("a-1.0.tgz"), &sdist, NULL), -1);
    assert_int_equal(sdistname_parse(&arena, piece_of("-1.0.zip"), &sdist, NULL), -1);
    arena_free(&arena);
}

// A name of 100 KB that stands for 10^13 tags is refused at once.
static void test_many(void **state)
{
    struct arena arena = {0};
    struct str text = {0};
    struct tag_set set;
    (void)state;
    for (int part = 0; part < 3; part++)
        for (int i = 0; i < 20000; i++)
            str_print(&text, "%sa%d", i ? "." : part ? "-" : "", i);
    assert_int_equal(tag_set_parse(&arena, piece_of(text.text), &set, NULL), -1);
    str_free(&text);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),   cmocka_unit_test(test_abis),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_other_machines),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
