// SPDX-License-Identifier: Apache-2.0
// marker_tree: a marker as it was read; inside of marker*.c.
#pragma once

#include "wheel/marker.h"

enum { MARKER_DEPTH = 200 }; // of parentheses, as packaging has it

struct marker_operand {
    struct piece text; // a variable's name, or a value
    int is_variable;
};
struct marker_item {
    int after_or;               // what stands before it: "or", else "and" or nothing
    const struct marker *group; // in parentheses; NULL: a comparison
    struct marker_operand left, right;
    const char *op; // "not in"
};
struct marker {
    struct marker_item *item;
    size_t count; // at least 1
};
