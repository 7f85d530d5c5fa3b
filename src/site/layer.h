// SPDX-License-Identifier: Apache-2.0
// layer: what one file says of options: keys are the long names of the table of options, for all
// commands at its top, for one command in the table of its name. Keys and kinds of values are derived
// from that table.
#pragma once

#include "base/opt.h"
#include "site/document.h"

struct layer_command { // a table that a file may have
    const char *name;
    uint64_t bits;
};
struct layer_known {
    const struct opt *options;
    uint64_t bits; // of all commands that read files
    struct layer_command command[32];
    size_t count;
};
struct layer_item {          // lives in the arena of the document
    const char *key;         // long name
    const char *table;       // of which command; NULL: of all that have the option
    uint64_t bits;           // of it; of all
    int is_flag, flag;       // true and false
    const char *const *text; // else values, as they would be typed
    size_t count;
    unsigned line; // in the file
};
struct layer {               // of a document that outlives it; free with layer_free
    struct layer_item *item; // first those of tables, which count before those of the top
    size_t count, room;
};
// Returns 0, or -1 with [config], which names file, line and key: an unknown key with the nearest known
// one, an option that belongs to a line, a value of the wrong kind.
int layer_read(struct document *document, const struct layer_known *known, struct layer *ret,
               struct err *err);
void layer_add(struct layer *layer, const struct layer_item *item);
void layer_free(struct layer *layer);
// The option that the item is for a command (one bit); NULL: it is for others.
const struct opt *layer_option(const struct layer_item *item, const struct opt *options,
                               uint64_t command);
