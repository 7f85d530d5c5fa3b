// SPDX-License-Identifier: Apache-2.0
// lang_table: the translations that po/table.py writes from po/*.po, sorted by strcmp of the
// id.
#pragma once

#include <stddef.h>

struct lang_entry {
    const char *id;        // the English text
    const char *text;      // for n <= 1, or where there is one form
    const char *text_many; // NULL: one form
};
extern const struct lang_entry lang_fr[];
extern const size_t lang_fr_count;
