// SPDX-License-Identifier: Apache-2.0
// made: manifests from a list of files, without a store.
#pragma once

#include "base/mem.h"
#include "env/layout.h"

// The entry /store/NUMBER of wheel "wNUMBER" with files "a/__init__.py b.py": a name that ends in "#" has
// another content, one in "!" is a library that looks for its neighbours. The first folder whose name ends
// in ".dist-info" is the wheel's. Lives in the arena.
struct layout_source made_source(struct arena *arena, int number, const char *files);
