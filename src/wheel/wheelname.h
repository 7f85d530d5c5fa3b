// SPDX-License-Identifier: Apache-2.0
// wheelname: names of files of wheels (PEP 427) and sdists (PEP 625), as packaging.utils reads
// them.
#pragma once

#include "wheel/tags.h"
#include "wheel/version.h"

struct wheelname {        // lives in its arena
    struct piece written; // of the name: as in NAME-1.0.dist-info
    struct piece normal;  // PEP 503
    const struct version *version;
    int has_build;
    struct piece build_number; // digits, without leading zeros
    struct piece build_text;   // behind them
    struct tag_set tags;
};
// Returns 0, or -1 with [usage]. The text is a base name.
int wheelname_parse(struct arena *arena, struct piece text, struct wheelname *ret,
                    struct err *err);
// The order of build tags: none first, then by number, then by text: -1, 0, 1.
int wheelname_compare_build(const struct wheelname *one, const struct wheelname *two);

struct sdistname {
    struct piece normal;
    const struct version *version;
};
int sdistname_parse(struct arena *arena, struct piece text, struct sdistname *ret,
                    struct err *err);
