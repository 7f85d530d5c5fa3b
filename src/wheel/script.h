// SPDX-License-Identifier: Apache-2.0
// script: the block of metadata in a script's comments (PEP 723):
//
//     # /// script
//     # dependencies = ["numpy"]
//     # ///
//
// The text inside is TOML, and not read here.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "wheel/text.h"

// The block of that type, without "# ", in the arena. Returns 1, 0 if there is none, or -1 with
// [usage] if there are two.
int script_block(struct arena *arena, struct piece text, const char *type, struct piece *ret,
                 struct err *err);
