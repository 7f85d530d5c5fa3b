// SPDX-License-Identifier: Apache-2.0
// states: words of 64 bits.
#include "solve/states.h"

#include <string.h>

enum { BITS = 64 };

size_t states_words(size_t count)
{
    return (count + BITS - 1) / BITS;
}

uint64_t *states_new(struct arena *arena, size_t words)
{
    uint64_t *set = arena_alloc(arena, words * sizeof *set);
    memset(set, 0, words * sizeof *set);
    return set;
}

uint64_t *states_copy(struct arena *arena, const uint64_t *set, size_t words)
{
    uint64_t *copy = arena_alloc(arena, words * sizeof *copy);
    memcpy(copy, set, words * sizeof *copy);
    return copy;
}

int states_has(const uint64_t *set, size_t state)
{
    return (int)(set[state / BITS] >> state % BITS & 1);
}

void states_put(uint64_t *set, size_t state)
{
    set[state / BITS] |= (uint64_t)1 << state % BITS;
}

int states_empty(const uint64_t *set, size_t words)
{
    for (size_t i = 0; i < words; i++)
        if (set[i])
            return 0;
    return 1;
}

int states_same(const uint64_t *one, const uint64_t *two, size_t words)
{
    return memcmp(one, two, words * sizeof *one) == 0;
}

int states_within(const uint64_t *part, const uint64_t *whole, size_t words)
{
    for (size_t i = 0; i < words; i++)
        if (part[i] & ~whole[i])
            return 0;
    return 1;
}

int states_apart(const uint64_t *one, const uint64_t *two, size_t words)
{
    for (size_t i = 0; i < words; i++)
        if (one[i] & two[i])
            return 0;
    return 1;
}

void states_and(uint64_t *into, const uint64_t *other, size_t words)
{
    for (size_t i = 0; i < words; i++)
        into[i] &= other[i];
}

void states_or(uint64_t *into, const uint64_t *other, size_t words)
{
    for (size_t i = 0; i < words; i++)
        into[i] |= other[i];
}

void states_without(uint64_t *into, const uint64_t *other, size_t words)
{
    for (size_t i = 0; i < words; i++)
        into[i] &= ~other[i];
}

size_t states_count(const uint64_t *set, size_t words)
{
    size_t count = 0;
    for (size_t i = 0; i < words; i++)
        count += (size_t)__builtin_popcountll(set[i]);
    return count;
}

size_t states_next(const uint64_t *set, size_t words, size_t from)
{
    size_t i = from / BITS;
    if (i >= words)
        return SIZE_MAX;
    uint64_t word = set[i] & ~(uint64_t)0 << from % BITS;
    while (!word) {
        if (++i == words)
            return SIZE_MAX;
        word = set[i];
    }
    return i * BITS + (size_t)__builtin_ctzll(word);
}

size_t states_previous(const uint64_t *set, size_t from)
{
    size_t i = from / BITS;
    uint64_t word = set[i] & ~(uint64_t)0 >> (BITS - 1 - from % BITS);
    while (!word) {
        if (i-- == 0)
            return SIZE_MAX;
        word = set[i];
    }
    return i * BITS + BITS - 1 - (size_t)__builtin_clzll(word);
}
