// SPDX-License-Identifier: Apache-2.0
// screen_lines: the lines that a run shows, as text that fits into a number of columns.
//
// What does not fit is left out whole, the least needed first; only what is left then is cut.
// No newline is added.
#pragma once

#include <stddef.h>

#include "base/str.h"
#include "base/term.h"
#include "run/journal.h"
#include "run/progress.h"

// Columns of what is no terminal.
#define LINES_UNCUT ((size_t)10000)

// " 31/40  [###############.....]  8 running   0 failed   1m52s, about 33s left"; `bar`: with
// the bar.
void lines_add_counts(struct str *into, const struct progress *progress, size_t columns,
                      int bar);
// "  cores 7.9/8   memory 2.6G   d33.npz 41s, d07.npz 12s"
void lines_add_use(struct str *into, const struct progress *progress, size_t columns);
// "failed  d17.npz  ValueError: negative energy  analyse.py:41   lopin log 17", red where
// `term` is coloured; and for the other ends "done    d03.npz  1.2s". `text` and `number` are
// the dataset's.
void lines_add_end(struct str *into, const struct term *term, const char *text, unsigned number,
                   const struct record *record, size_t columns);
// Columns of visible UTF-8 on a terminal; never fewer than it takes: what may be two wide
// counts as two.
size_t lines_columns(const char *text);
// Whether the attempt failed; its dataset may run again.
int lines_is_failure(const struct record *record);
