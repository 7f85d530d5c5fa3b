// SPDX-License-Identifier: Apache-2.0
// Sets of states beside arrays of flags, at sizes around a word's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "solve/states.h"

enum { MOST = 200, ROUNDS = 300 };

static uint32_t next(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u;
}

static void fill(uint64_t *set, unsigned char *flags, size_t count, uint32_t *seed)
{
    for (size_t i = 0; i < count; i++) {
        flags[i] = next(seed) >> 29 < 3;
        if (flags[i])
            states_put(set, i);
    }
}

static void check_one(const uint64_t *set, const unsigned char *flags, size_t count)
{
    size_t words = states_words(count), members = 0;
    size_t previous = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(states_has(set, i), flags[i]);
        members += flags[i];
        previous = flags[i] ? i : previous;
        assert_true(states_previous(set, i) == previous);
    }
    assert_int_equal(states_count(set, words), members);
    assert_int_equal(states_empty(set, words), members == 0);
    size_t following = SIZE_MAX;
    for (size_t i = count; i-- > 0;) {
        following = flags[i] ? i : following;
        assert_true(states_next(set, words, i) == following);
    }
    assert_true(states_next(set, words, words * 64) == SIZE_MAX);
}

static void test_as_flags(void **state)
{
    static const size_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, MOST};
    uint32_t seed = 7;
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct arena arena = {0};
        size_t count = sizes[round % COUNT(sizes)], words = states_words(count);
        unsigned char a[MOST] = {0}, b[MOST] = {0}, both[MOST], any[MOST], only[MOST];
        uint64_t *one = states_new(&arena, words), *two = states_new(&arena, words);
        fill(one, a, count, &seed);
        fill(two, b, count, &seed);
        int within = 1, apart = 1;
        for (size_t i = 0; i < count; i++) {
            both[i] = a[i] & b[i];
            any[i] = a[i] | b[i];
            only[i] = a[i] & !b[i];
            within &= !only[i];
            apart &= !both[i];
        }
        check_one(one, a, count);
        assert_int_equal(states_within(one, two, words), within);
        assert_int_equal(states_apart(one, two, words), apart);
        uint64_t *set = states_copy(&arena, one, words);
        assert_true(states_same(set, one, words));
        states_and(set, two, words);
        check_one(set, both, count);
        assert_true(states_within(set, one, words));
        set = states_copy(&arena, one, words);
        states_or(set, two, words);
        check_one(set, any, count);
        set = states_copy(&arena, one, words);
        states_without(set, two, words);
        check_one(set, only, count);
        assert_true(states_apart(set, two, words));
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_flags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
