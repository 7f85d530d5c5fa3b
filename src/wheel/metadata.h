// SPDX-License-Identifier: Apache-2.0
// metadata: METADATA (core metadata 1.0 to 2.x: PEP 241, 314, 345, 566, 643, 639) and WHEEL (PEP
// 427) of a wheel, as far as installing and resolving need them.
#pragma once

#include "wheel/headers.h"
#include "wheel/require.h"

struct metadata {           // points into the text and the arena
    struct headers headers; // all, for what is only shown
    struct piece name, normal;
    const struct version *version;
    struct specifiers requires_python; // empty if there is none
    struct require **requires_dist;
    size_t requires_count;
    struct piece *extra; // normal names (Provides-Extra), in order
    size_t extra_count;
};
// Returns 0, or -1 with [usage]: Name or Version is missing, there twice or malformed; a requirement
// or Requires-Python is malformed; Metadata-Version is of a later major version than 2.
int metadata_parse(struct arena *arena, struct piece text, struct metadata *ret,
                   struct err *err);

struct wheel_file {
    int purelib; // Root-Is-Purelib
    struct piece *tag;
    size_t tag_count;
    struct piece build; // size 0: none
};
// Returns 0, or -1 with [usage]: Wheel-Version is not 1.x, or Root-Is-Purelib neither true nor false.
int wheel_file_parse(struct arena *arena, struct piece text, struct wheel_file *ret,
                     struct err *err);
