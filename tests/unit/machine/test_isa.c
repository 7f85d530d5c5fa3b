// SPDX-License-Identifier: Apache-2.0
// Levels and the words that sites write for them: what each holds, in which order, and what is missing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cmocka.h"
#include "machine/isa.h"

static uint64_t need(const char *word)
{
    uint64_t ret = 0;
    assert_true(isa_word(word, strlen(word), &ret, NULL) >= 0);
    return ret;
}

static void test_words(void **state)
{
    static const struct {
        const char *word;
        int rank;
        const char *level; // the lowest that holds it
    } words[] = {
        {"x86-64", 0, "x86-64"},       {"x86-64-v1", 0, "x86-64"},
        {"generic", 0, "x86-64"},      {"aarch64", 0, "x86-64"},
        {"sse2", 0, "x86-64"},         {"sse3", 1, "x86-64-v2"},
        {"x86-64-v2", 1, "x86-64-v2"}, {"avx", 2, "x86-64-v3"},
        {"avx2", 3, "x86-64-v3"},      {"x86-64-v3", 3, "x86-64-v3"},
        {"x86-64-v4", 4, "x86-64-v4"}, {"avx512", 4, "x86-64-v4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *same = NULL;
        size_t size = strlen(words[i].word);
        assert_int_equal(isa_word(words[i].word, size, NULL, &same), words[i].rank);
        assert_string_equal(same, words[i].word);
        assert_string_equal(isa_level_for(need(words[i].word)), words[i].level);
    }
    static const char *const none[] = {"", "x86-64-v5", "x86-64-", "AVX2", "avx 2", "wheels"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(isa_word(none[i], strlen(none[i]), NULL, NULL), -1);
    assert_int_equal(isa_word("avx2/..", 4, NULL, NULL), 3);
}

static void test_order(void **state)
{
    static const char *const rising[] = {"x86-64", "sse3",      "x86-64-v2", "avx",
                                         "avx2",   "x86-64-v4", "zen4"};
    (void)state;
    for (size_t i = 1; i < sizeof rising / sizeof *rising; i++) {
        assert_int_equal(need(rising[i - 1]) & ~need(rising[i]), 0);
        assert_true(need(rising[i]) & ~need(rising[i - 1]));
    }
}

static void test_missing(void **state)
{
    char text[80];
    (void)state;
    isa_missing(need("x86-64-v3"), need("avx"), text, sizeof text);
    assert_string_equal(text, "AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE");
    isa_missing(need("avx"), need("x86-64-v4"), text, sizeof text);
    assert_string_equal(text, "");
    isa_missing(need("zen4"), 0, text, sizeof text); // as much as there is room for
    assert_true(strlen(text) < sizeof text);
    assert_string_equal(text + strlen(text) - 5, ", ...");
    char small[40];
    isa_missing(need("zen4"), need("x86-64-v3"), small, sizeof small);
    assert_true(strlen(small) < sizeof small);
}

static void test_here(void **state)
{
    (void)state;
#if defined(__x86_64__)
    const char *level = isa_level(isa_here());
    assert_int_equal(need(level) & ~isa_here(), 0); // it has all of its level
    __builtin_cpu_init();
    assert_int_equal(__builtin_cpu_supports("sse4.2") != 0, !(need("sse4") & ~isa_here()));
    assert_int_equal(__builtin_cpu_supports("avx2") != 0 &&
                         __builtin_cpu_supports("bmi2") != 0 &&
                         __builtin_cpu_supports("fma") != 0,
                     !(need("avx2") & ~isa_here()));
    assert_int_equal(__builtin_cpu_supports("avx512bw") != 0 &&
                         __builtin_cpu_supports("avx512vl") != 0 &&
                         __builtin_cpu_supports("avx512cd") != 0,
                     !(need("avx512") & ~isa_here()));
#else
    assert_int_equal(isa_here(), 0);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
