// SPDX-License-Identifier: Apache-2.0
// states: sets of states of a package, as bits; inside of solve.
//
// Bit 0 is "not chosen", bits 1 to n are its versions in ascending order. So one kind of set does
// for PubGrub's positive terms (without bit 0) and negative ones (with it), and for all that PEP
// 440 can say about versions that are known. Bits above n are 0.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

size_t states_words(size_t count); // of a set of `count` states
uint64_t *states_new(struct arena *arena, size_t words);
uint64_t *states_copy(struct arena *arena, const uint64_t *set, size_t words);
int states_has(const uint64_t *set, size_t state);
void states_put(uint64_t *set, size_t state);
int states_empty(const uint64_t *set, size_t words);
int states_same(const uint64_t *one, const uint64_t *two, size_t words);
int states_within(const uint64_t *part, const uint64_t *whole, size_t words);
int states_apart(const uint64_t *one, const uint64_t *two, size_t words); // nothing in common
void states_and(uint64_t *into, const uint64_t *other, size_t words);
void states_or(uint64_t *into, const uint64_t *other, size_t words);
void states_without(uint64_t *into, const uint64_t *other, size_t words);
size_t states_count(const uint64_t *set, size_t words);
// The next member from `from` on, or down from it; SIZE_MAX if there is none.
size_t states_next(const uint64_t *set, size_t words, size_t from);
size_t states_previous(const uint64_t *set, size_t from);
