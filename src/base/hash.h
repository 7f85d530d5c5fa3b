// SPDX-License-Identifier: Apache-2.0
// hash: SHA-256 (FIPS 180-4) by nettle, of parts and files; keys are its first 64 bits in hex.
#pragma once

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct hash {
    struct sha256_ctx ctx;
};
void hash_begin(struct hash *hash);
// Adds a part with its length before it, so that ("ab","c") and ("a","bc") differ.
void hash_part(struct hash *hash, const void *bytes, size_t size);
void hash_text(struct hash *hash, const char *text); // NULL counts as absent, unlike ""
uint64_t hash_end(struct hash *hash);                // the first 8 bytes, big endian
// Hash of a file's content. Returns 0, or -1 with err.
int hash_file(int dir, const char *path, uint64_t *ret, struct err *err);
// The same of a program; 0 for one that may be executed and not read.
int hash_program(const char *path, uint64_t *ret, struct err *err);
