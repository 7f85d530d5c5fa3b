// SPDX-License-Identifier: Apache-2.0
// table: open addressing with linear probing, at most half full; no removal.
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct table_slot {
    const char *key; // NULL: empty
    uint64_t hash, value;
};

uint64_t table_hash(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3;
    hash ^= hash >> 32;
    return hash * 0x9e3779b97f4a7c15;
}

static struct table_slot *probe(const struct table *table, const char *key, uint64_t hash)
{
    size_t mask = table->room - 1;
    for (size_t i = (hash >> 32) & mask;; i = (i + 1) & mask) {
        struct table_slot *slot = &table->slot[i];
        if (!slot->key || (slot->hash == hash && strcmp(slot->key, key) == 0))
            return slot;
    }
}

static void grow(struct table *table)
{
    struct table old = *table;
    table->room = old.room ? old.room * 2 : 16;
    table->slot = mem_zero(table->room, sizeof *table->slot);
    for (size_t i = 0; i < old.room; i++)
        if (old.slot[i].key)
            *probe(table, old.slot[i].key, old.slot[i].hash) = old.slot[i];
    free(old.slot);
}

uint64_t *table_put(struct table *table, const char *key, int *ret_new)
{
    if (2 * (table->count + 1) > table->room)
        grow(table);
    uint64_t hash = table_hash(key, strlen(key));
    struct table_slot *slot = probe(table, key, hash);
    if (ret_new)
        *ret_new = !slot->key;
    if (!slot->key) {
        *slot = (struct table_slot){.key = key, .hash = hash};
        table->count++;
    }
    return &slot->value;
}

uint64_t *table_get(const struct table *table, const char *key)
{
    if (!table->room)
        return NULL;
    struct table_slot *slot = probe(table, key, table_hash(key, strlen(key)));
    return slot->key ? &slot->value : NULL;
}

void table_free(struct table *table)
{
    free(table->slot);
    *table = (struct table){0};
}
