// SPDX-License-Identifier: Apache-2.0
// release: versions of Python itself ("3.11.7", "3.13.0b1") and what one asks of them
// (">=3.11,<3.13").
//
// PEP 440 as far as an interpreter's X.Y.Z goes; packages' versions are the room wheel's.
#pragma once

#include "base/err.h"

struct release {
    int part[3]; // X, Y, Z
    int parts;   // how many were written
    int pre;     // 'a', 'b', 'c' (candidate), or 'z' for the release itself
    int number;  // of the alpha, beta or candidate
};
// Reads "3", "3.11", "3.11.7", "3.13.0b1", "3.14.0rc2", "3.13.0+" (a build of its own between
// two releases, read as 3.13.0). Returns 0, or -1.
int release_parse(const char *text, struct release *ret);
int release_compare(const struct release *a,
                    const struct release *b); // as memcmp; Y and Z absent are 0
// Does `release` fit what was asked: "3.11" (any 3.11.Z), "3.11.7", or specifiers with the
// operators == != <= >= < > ~= and ==X.Y.*? Returns 1, 0, or -1 with [usage] if `want` is none
// of these.
int release_fits(const struct release *release, const char *want, struct err *err);
