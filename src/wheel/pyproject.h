// SPDX-License-Identifier: Apache-2.0
// pyproject: what a project or a script says that it needs: pyproject.toml ([project], PEP 621;
// [dependency-groups], PEP 735) and the block in a script (PEP 723).
#pragma once

#include "wheel/require.h"

struct pyproject { // lives in its arena
    struct require **require;
    size_t count;
    const char *requires_python; // as written; NULL: none
};
enum pyproject_part {
    PYPROJECT_DEPENDENCIES, // [project] dependencies
    PYPROJECT_EXTRA,        // [project.optional-dependencies]
    PYPROJECT_GROUP,        // [dependency-groups], with what its groups include
};
// What one part of a pyproject.toml needs; `name` is of the extra or group, else NULL. A dependency of
// the project on its own extras ("demo[plot]") stays as it is written. Returns 0, or -1 with [usage]:
// no TOML, no such part, dependencies that its build computes ("dynamic"), groups in a circle.
int pyproject_parse(struct arena *arena, struct piece text, enum pyproject_part part,
                    const char *name, struct pyproject *ret, struct err *err);
// What a script needs. Returns 1, 0 if it has no block, or -1 with [usage].
int pyproject_script(struct arena *arena, struct piece script, struct pyproject *ret,
                     struct err *err);
