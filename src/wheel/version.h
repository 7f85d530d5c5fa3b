// SPDX-License-Identifier: Apache-2.0
// version: versions of PEP 440 (packaging.python.org, "Version specifiers").
//
//     [v][EPOCH!]RELEASE[{a|b|rc}N][.postN][.devN][+LOCAL]
//
// All spellings of the PEP's appendix B are read; numbers may have any length. A version lives in
// the arena that it was made in and refers to nothing else.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wheel/text.h"

enum version_pre { PRE_ALPHA, PRE_BETA, PRE_CANDIDATE, PRE_NONE };
struct version_local { // "abc" or 12
    struct piece text; // in lower case; of a number without leading zeros
    int is_number;
};
struct version {           // numbers are their digits without leading zeros ("0" for zero)
    struct piece epoch;    // "0" if none is written
    struct piece *release; // never empty
    size_t release_count;
    enum version_pre pre;
    int has_post, has_dev;
    struct piece pre_number, post, dev;
    struct version_local *local;
    size_t local_count;
};
// How much of a version counts, or is written.
enum version_part {
    VERSION_BASE,   // epoch and release
    VERSION_PRE,    // and the pre-release
    VERSION_PUBLIC, // and post and dev
    VERSION_WHOLE,  // and the local part
};

// NULL with [usage] if it is no version. White space around it is allowed.
struct version *version_parse(struct arena *arena, struct piece text, struct err *err);
// The order of PEP 440: -1, 0, 1. VERSION_PRE: dev releases without pre or post come before all
// pre-releases of the same release, as in the whole.
int version_compare(const struct version *one, const struct version *two,
                    enum version_part part);
// Whether the first `count` numbers of the releases are the same (a short one has zeros behind
// it), and the epochs.
int version_same_prefix(const struct version *one, const struct version *two, size_t count);
int version_is_prerelease(const struct version *version); // has a, b, rc or dev
// The normal form. VERSION_PRE writes no more than VERSION_BASE and the pre-release.
void version_add(struct str *into, const struct version *version, enum version_part part);
// The same without zeros at the end of the release: one text for versions that are equal.
void version_add_trimmed(struct str *into, const struct version *version);

// The version at the beginning of a text, for those who read it inside of other text.
struct version_scan {
    struct piece epoch, release, pre, post, dev, local; // the numbers, as written
    enum version_pre pre_kind;
    int has_post, has_dev, has_local;
    int prefix;      // ".*" stands behind the release, and nothing else
    size_t numbers;  // of the release
    const char *end; // behind it
};
// With `may_prefix`, RELEASE may be followed by ".*"; without `may_local`, it ends before '+'.
// Returns 0, or -1 if no version begins at `at`.
int version_scan(const char *at, const char *end, int may_prefix, int may_local,
                 struct version_scan *ret);
// The version that was scanned (without its ".*"). Copies.
struct version *version_make(struct arena *arena, const struct version_scan *scan);
