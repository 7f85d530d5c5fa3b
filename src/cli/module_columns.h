// SPDX-License-Identifier: Apache-2.0
// module_columns: lists of modules as Lmod sets them: names in columns, and what is known of each,
// in letters, in a column of its own.
#pragma once

#include "cli/module.h"

struct module_cells {        // free with module_cells_free
    struct strv name, marks; // marks: "(D)", or ""
    struct strv style;       // of a name: an SGR code, or ""
    size_t gap;              // spaces before each
};
void module_cells_add(struct module_cells *cells, char *name, char *marks, const char *style);
// Adds as many columns as fit; the second cell stands below the first.
void module_cells_print(const struct module_work *work, const struct module_cells *cells,
                        struct str *into);
void module_cells_free(struct module_cells *cells);
#define CLEANUP_CELLS CLEANUP(module_cells_free)
