// SPDX-License-Identifier: Apache-2.0
// expand_piece: a compiled template; inside of expand.c and expand_shell.c.
#pragma once

#include <stddef.h>

#include "base/str.h"

enum piece_kind { PIECE_TEXT, PIECE_WHOLE, PIECE_COLUMN, PIECE_NUMBER, PIECE_SLOT, PIECE_OUT };
enum cut { CUT_NONE, CUT_ENDING, CUT_BASE, CUT_FOLDER, CUT_BASE_ENDING };
struct piece {
    enum piece_kind kind;
    enum cut cut;
    size_t column;   // PIECE_COLUMN, from 0
    size_t at, size; // of the template's text: itself, or the placeholder as it stands
    int last;        // of its word
};
struct expand {
    struct piece *piece;
    size_t count, room;
    size_t words;
    size_t columns;
    struct str text; // the words, NUL-terminated each
    int uses_dataset, uses_out;
};
