// SPDX-License-Identifier: Apache-2.0
// size: amounts of memory as sbatch reads them.
#pragma once

#include <stdint.h>

#include "base/str.h"

#define SIZE_MAX_KIB (INT64_C(1) << 50) // more is a slip of the finger: an exbibyte

// "4G", "512m", "1.5G", "4GiB", "4GB", and "4000", which is MiB as for sbatch. K M G T P are powers
// of 1024. A fraction needs a unit: "1.5" could be meant as gigabytes. Rounded up to KiB.
// Returns 0, or -1: *ret_kib is then as before.
int size_parse(const char *text, int64_t *ret_kib);
// Adds it as size_parse reads it back to the KiB: in the largest unit that leaves no rest ("1536M").
void size_add(struct str *into, int64_t kib);
