// SPDX-License-Identifier: Apache-2.0
// digest: hashes of a file or of bytes as hexadecimal digits in lower case, as indexes, lock files and
// requirements give them; alone, or with their algorithm as "sha512:0123...".
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "wheel/text.h"

enum { SHA256_TEXT = 65, DIGEST_TEXT = 160 }; // with the NUL; with the longest algorithm
int sha256_file(const char *path, char ret[SHA256_TEXT],
                struct err *err); // 0, or -1 with [system]
void sha256_bytes(struct piece bytes, char ret[SHA256_TEXT]);

// "ALGORITHM:DIGITS" of an algorithm that pip compares, in the arena. NULL: it is none, or not its digits.
const char *digest_text(struct arena *arena, const char *algorithm, struct piece digits);
// The same of what stands behind a URL's #, the strongest of them. NULL: there is none.
const char *digest_of_url(struct arena *arena, const char *url);
// "sha256:0123..." or, without digits of SHA-256, the digest; NULL: neither is known. Yours.
char *digest_wanted(const char *sha256, const char *digest);
// Algorithms, the strongest first; NULL behind the last.
extern const char *const digest_algorithms[];

// Whether a file has one of these ("ALGORITHM:DIGITS"). ret: what it has, by the algorithm of the last of
// them. Returns 1, 0, or -1 with [system].
int digest_fits(const char *path, const char *const *digests, size_t count,
                char ret[DIGEST_TEXT], struct err *err);
