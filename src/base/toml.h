// SPDX-License-Identifier: Apache-2.0
// toml: TOML 1.0 documents (toml.io) as a tree of values with their lines, read by toml++.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

enum toml_kind {
    TOML_TEXT,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_TIME,
    TOML_ARRAY,
    TOML_TABLE
};
struct toml_value {  // lives in the arena of its document
    const char *key; // in its table; NULL in an array and of the document
    enum toml_kind kind;
    unsigned line;    // from 1
    const char *text; // TEXT (may hold NUL), TIME (RFC 3339), FLOAT (as it is written, or NULL)
    size_t size;
    int64_t integer;               // INTEGER, BOOLEAN
    double number;                 // FLOAT
    const struct toml_value *item; // ARRAY, TABLE (by key)
    size_t count;
};
// The document, a TABLE. NULL with [usage], which names line and column.
const struct toml_value *toml_parse(struct arena *arena, const char *text, size_t size,
                                    struct err *err);
// The value of a key of a table; NULL if it is absent, or `table` NULL or no table.
const struct toml_value *toml_get(const struct toml_value *table, const char *key);
// The text of a TEXT; NULL of all else, and NULL.
const char *toml_text(const struct toml_value *value);
