// SPDX-License-Identifier: Apache-2.0
// literal: a quoted string of a marker, which is read as Python reads it ('a\x20b').
#pragma once

#include "base/mem.h"
#include "wheel/text.h"

// `quoted` has its quotes, which do not occur inside. Returns 0, or -1 where Python has a syntax
// error; also for \N{...}, which would need Unicode's names, and for halves of surrogate pairs.
int literal_read(struct arena *arena, struct piece quoted, struct piece *ret);
