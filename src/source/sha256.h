// SPDX-License-Identifier: Apache-2.0
// sha256: the SHA-256 of a file or of bytes as 64 digits, as indexes and lock files give it.
#pragma once

#include "base/err.h"
#include "wheel/text.h"

enum { SHA256_TEXT = 65 }; // with the NUL
int sha256_file(const char *path, char ret[SHA256_TEXT],
                struct err *err); // 0, or -1 with [system]
void sha256_bytes(struct piece bytes, char ret[SHA256_TEXT]);
