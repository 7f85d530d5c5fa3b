// SPDX-License-Identifier: Apache-2.0
// luatable: a table as Lua's source text has it (manual 5.4, 3.4.9), read as data. Names, strings,
// numbers, true, false, nil and tables: whatever would be computed is refused, so that a variable of
// the environment can never be a program.
#pragma once

#include "base/err.h"
#include "base/mem.h"

enum luatable_kind {
    LUATABLE_NIL,
    LUATABLE_BOOL,
    LUATABLE_NUMBER,
    LUATABLE_STRING,
    LUATABLE_TABLE
};
struct luatable {
    enum luatable_kind kind;
    double number;         // also of LUATABLE_BOOL
    const char *text;      // of LUATABLE_STRING, ends at its first NUL
    const char *key;       // in a table; NULL: the entry has a place (index)
    long index;            // from 1; 0 where there is a key
    struct luatable *item; // of LUATABLE_TABLE: its entries, in their order
    size_t count;
};
// Reads "NAME = { ... }" or "{ ... }", all in the arena. Returns the table, or NULL with
// [module-state].
const struct luatable *luatable_read(struct arena *arena, const char *text, size_t size,
                                     struct err *err);
// Reads a file of assignments, "NAME = VALUE ...", and gives the tables of some of the names (NULL ends
// them; *ret NULL: it has none; the last counts). Returns 0, or -1 with [module-state].
int luatable_read_all(struct arena *arena, const char *text, size_t size,
                      const char *const *names, const struct luatable **ret, struct err *err);
// The entry of a table by its key; NULL if there is none (or if table is none).
const struct luatable *luatable_get(const struct luatable *table, const char *key);
// The text of a string entry; NULL if there is none.
const char *luatable_text(const struct luatable *table, const char *key);
// The number of an entry; `otherwise` if there is none.
long luatable_number(const struct luatable *table, const char *key, long otherwise);
