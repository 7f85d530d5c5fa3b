// SPDX-License-Identifier: Apache-2.0
// span: lengths of time as people write them for sbatch(1), and with units.
#pragma once

#include <stdint.h>

// Reads "90" (minutes), "30:00", "1:00:00", "2-12", "2-12:30", "2-12:30:00" as sbatch does, and
// "90s", "5m", "1h30m", "2d", "1.5h". Returns 0, or -1 if it is neither, or not above 0, or
// above a hundred years.
int span_read(const char *text, int64_t *ret_us);
// The same, with units only: "90" says nothing of what it is.
int span_read_units(const char *text, int64_t *ret_us);
