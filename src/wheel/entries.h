// SPDX-License-Identifier: Apache-2.0
// entries: entry_points.txt (packaging.python.org, "Entry points specification"): "[group]" lines,
// and in them "name = module:object [extra]", read as importlib.metadata reads them.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "wheel/text.h"

struct entry { // points into the text
    struct piece group, name, value;
};
struct entries {
    struct entry *item;
    size_t count;
};
// Returns 0, or -1 with [usage]: a line that is neither. Those before the first group are ignored.
int entries_parse(struct arena *arena, struct piece text, struct entries *ret, struct err *err);
// "module:object [extra]" -> its two names, dots and all. Returns 0, or -1 if it is not of that form:
// it goes into a script's source, so both are identifiers with dots between, nothing else.
int entry_object(struct piece value, struct piece *ret_module, struct piece *ret_object);
