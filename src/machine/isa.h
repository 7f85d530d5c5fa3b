// SPDX-License-Identifier: Apache-2.0
// isa: which instructions a processor has, by the levels of the x86-64 psABI and the words that
// sites call their wheelhouses by.
//
// Asked by CPUID and XGETBV, never /proc/cpuinfo, which shows the host's under qemu-user. It includes
// nothing of ours: the extension that guards environments (python/native) is made of it too.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A set of features is a uint64_t, a bit for each; 0: what all processors of the kind have.

// What this processor can run and the system lets it. 0 on machines other than x86-64, which have no
// levels: nothing that is asked for by such a level fits there.
uint64_t isa_here(void);
// What a word asks for: "x86-64-v3", "avx2", "generic"; `size` bytes of `word`. Returns its rank, 0 for
// all processors of the machine's kind and higher the more it asks for, or -1: it is no such word.
// *ret (may be NULL) the features, *ret_word (may be NULL) the word itself, static.
int isa_word(const char *word, size_t size, uint64_t *ret, const char **ret_word);
// The highest level of which nothing is missing: "x86-64-v2"; "aarch64"... on other machines. Static.
const char *isa_level(uint64_t have);
// The lowest level that holds all of it, for a message. Static.
const char *isa_level_for(uint64_t need);
// Features of `need` that are not in `have`, as people write them: "AVX2, BMI2, FMA". What `size`, at least 40, has no room for is
// "...".
void isa_missing(uint64_t need, uint64_t have, char *ret, size_t size);
