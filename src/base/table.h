// SPDX-License-Identifier: Apache-2.0
// table: string -> number, by open hashing. Keys are borrowed: they must outlive the table.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table { // zero-initialise to begin
    struct table_slot *slot;
    size_t count, room;
};
// The value's place for key; made with value 0 if absent (then *ret_new is 1). Never NULL.
// The place is good until the next table_put.
uint64_t *table_put(struct table *table, const char *key, int *ret_new);
uint64_t *table_get(const struct table *table, const char *key); // NULL if absent
void table_free(struct table *table);
#define CLEANUP_TABLE CLEANUP(table_free)
// FNV-1a with a final mix: in memory only, never written
uint64_t table_hash(const void *bytes, size_t size);
