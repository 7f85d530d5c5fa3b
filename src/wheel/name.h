// SPDX-License-Identifier: Apache-2.0
// name: names of projects and extras in their normal form (PEP 503, PEP 685): lower case, one '-'
// for each run of '-', '_' and '.'.
#pragma once

#include "base/mem.h"
#include "wheel/text.h"

void name_add_normal(struct str *into, struct piece name);
struct piece name_normal(struct arena *arena, struct piece name);
// Letters, digits, '.', '_', '-'; the first and the last a letter or digit (core metadata, Name).
int name_valid(struct piece name);
