// SPDX-License-Identifier: Apache-2.0
// lang_table: the translations that po/table.py writes from po/*.po, sorted by strcmp of the
// id.
#pragma once

#include <stddef.h>

struct lang_entry { // places in the texts: the loader has nothing to put right at each start
    unsigned id;    // the English text
    unsigned text;  // for n <= 1, or where there is one form
    unsigned text_many; // 0: one form
};
extern const struct lang_entry lang_fr[];
extern const size_t lang_fr_count;
extern const char lang_fr_texts[];
