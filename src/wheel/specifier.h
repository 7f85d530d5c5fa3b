// SPDX-License-Identifier: Apache-2.0
// specifier: sets of version specifiers (PEP 440: ~= == != <= >= < > ===), as `packaging` of 2025
// on takes them.
//
// A local version (1.0+site) satisfies what its public part satisfies, except that `==1.0+other`,
// `!=1.0+other` compare it and `>1.0` is not satisfied by it. Pre-releases are taken where a
// specifier names one (not by !=), or where no final release satisfies: that is a property of
// all candidates, hence specifiers_filter.
#pragma once

#include "wheel/version.h"

enum specifier_op {
    SPEC_COMPATIBLE, // ~=
    SPEC_EQUAL,      // ==, also of a prefix: ==1.2.*
    SPEC_DIFFERENT,  // !=, also of a prefix
    SPEC_AT_MOST,    // <=
    SPEC_AT_LEAST,   // >=
    SPEC_BELOW,      // <
    SPEC_ABOVE,      // >
    SPEC_SAME,       // ===, the same text
};
struct specifier {
    enum specifier_op op;
    struct piece whole;            // ">=1.0": without white space between
    struct piece text;             // the version in it, as it is written, with its ".*"
    int prefix;                    // it ends in ".*"
    const struct version *version; // without ".*"; NULL for a text of === that is none
};
// All must be satisfied; in the order of their text, each once. Lives in its arena.
struct specifiers {
    struct specifier *item;
    size_t count;
    size_t written; // how many there were
    int has_same;   // one is ===
};
struct candidate {
    struct piece text;             // as it is written: === compares it
    const struct version *version; // NULL if the text is no version
};
enum prereleases { PRERELEASES_AUTO, PRERELEASES_NO, PRERELEASES_YES };

// "" is the set that everything satisfies; empty places between commas are ignored. Returns 0, or
// -1 with [usage].
int specifiers_parse(struct arena *arena, struct piece text, struct specifiers *ret,
                     struct err *err);
// One specifier at the beginning of a text. Returns where it ends, NULL if there is none.
const char *specifier_scan(const char *at, const char *end);
// One that fills the text but for white space. Returns 0 or -1, without an error's text.
int specifier_parse(struct arena *arena, struct piece text, struct specifier *ret);
void specifiers_add(struct str *into, const struct specifiers *set); // ">=1.0,<2"
// PRERELEASES_YES if one names a pre-release (so that they are taken), else PRERELEASES_AUTO.
enum prereleases specifiers_prereleases(const struct specifiers *set);

// Whether one specifier is satisfied, whatever is said about pre-releases.
int specifier_match(const struct specifier *specifier, const struct candidate *candidate);
// keep[i] becomes 1 for those of the candidates that are taken, else 0. PRERELEASES_AUTO: pre-
// releases where specifiers_prereleases says so or no final release satisfies. Returns how many.
size_t specifiers_filter(const struct specifiers *set, const struct candidate *candidates,
                         size_t count, enum prereleases prereleases, unsigned char *keep);
// The same of one candidate.
int specifiers_contain(const struct specifiers *set, const struct candidate *candidate,
                       enum prereleases prereleases);
