// SPDX-License-Identifier: Apache-2.0
// marker: environment markers of requirements (PEP 508, 685, 735, 751), as `packaging` reads and
// evaluates them.
//
// python_version, python_full_version, implementation_version and platform_release compare as
// versions where the other side makes a version specifier; all else compares as text, and then
// `<` and `>` are never true. What packaging does and the PEP does not say is done too: a text on
// the right of a text is taken for the name of a variable.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wheel/text.h"

enum marker_variable {
    MARKER_IMPLEMENTATION_NAME,
    MARKER_IMPLEMENTATION_VERSION,
    MARKER_OS_NAME,
    MARKER_PLATFORM_MACHINE,
    MARKER_PLATFORM_PYTHON_IMPLEMENTATION,
    MARKER_PLATFORM_RELEASE,
    MARKER_PLATFORM_SYSTEM,
    MARKER_PLATFORM_VERSION,
    MARKER_PYTHON_FULL_VERSION,
    MARKER_PYTHON_VERSION,
    MARKER_SYS_PLATFORM,
    MARKER_EXTRA,
    MARKER_VARIABLES
};
extern const char *const marker_names[MARKER_VARIABLES];

struct marker_env {
    const char *value[MARKER_VARIABLES]; // NULL: not defined; extra "" for none
    // For lock files only (PEP 751); NULL: not defined.
    const struct strv *extras, *dependency_groups;
};
struct marker; // lives in the arena that it was parsed in

// NULL with [usage].
struct marker *marker_parse(struct arena *arena, struct piece text, struct err *err);
// The normal form, as packaging's str(). Returns 0, or -1 (nothing added) for a text with both
// kinds of quotes, which no marker can hold without escapes.
int marker_add(struct str *into, const struct marker *marker);
// 1, 0, or -1 with [usage]: a variable that is not defined, or a comparison that is not.
int marker_evaluate(const struct marker *marker, const struct marker_env *env, struct err *err);
