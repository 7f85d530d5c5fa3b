// SPDX-License-Identifier: Apache-2.0
// require: requirements (PEP 508, packaging.python.org, "Dependency specifiers"):
//
//     name[extra, ...] >=1.0,<2 ; marker        name[extra, ...] @ URL ; marker
//
// A requirement lives in the arena that it was parsed in and refers to nothing else.
#pragma once

#include "wheel/marker.h"
#include "wheel/specifier.h"

struct require {
    struct piece name;   // as it is written
    struct piece normal; // PEP 503
    struct piece *extra; // as they are written, in order of their bytes, each once
    size_t extra_count;
    struct specifiers specifiers; // none with a URL
    const char *url;              // NULL: none
    const struct marker *marker;  // NULL: none
};
// NULL with [usage].
struct require *require_parse(struct arena *arena, struct piece text, struct err *err);
// The normal form, as packaging's str(). Returns 0, or -1 as marker_add does.
int require_add(struct str *into, const struct require *require);
