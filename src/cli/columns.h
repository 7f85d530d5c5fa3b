// SPDX-License-Identifier: Apache-2.0
// columns: cells set below each other.
#pragma once

#include "base/str.h"
#include "base/term.h"

struct columns { // cells row by row, valid UTF-8 without control bytes; free with columns_free
    struct strv cell;
    size_t width;   // columns of a row
    unsigned right; // bit N: column N ends at its right edge
    size_t elastic; // this column is cut on a terminal where the row would not fit
    unsigned indent;
};
// Adds a line a row, each column as wide as its widest cell, three spaces between; none for a
// column without any text.
void columns_add(const struct columns *columns, const struct term *term, struct str *into);
void columns_free(struct columns *columns);
#define CLEANUP_COLUMNS CLEANUP(columns_free)
