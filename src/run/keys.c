// SPDX-License-Identifier: Apache-2.0
// keys: open addressing with linear probing, at most half full. Keys are hashes themselves, but
// the file that they come from may have been made up: they are mixed.
#include "run/keys.h"

#include <stdlib.h>

#include "base/mem.h"

struct keys_slot {
    uint64_t key;
    size_t index; // plus 1; 0: empty
};

void keys_make(struct keys *keys, size_t count)
{
    keys->room = 16;
    while (keys->room < 2 * count)
        keys->room *= 2;
    keys->slot = mem_zero(keys->room, sizeof *keys->slot);
}

static struct keys_slot *probe(const struct keys *keys, uint64_t key)
{
    size_t mask = keys->room - 1;
    for (size_t i = (key * 0x9e3779b97f4a7c15) >> 32 & mask;; i = (i + 1) & mask) {
        struct keys_slot *slot = &keys->slot[i];
        if (!slot->index || slot->key == key)
            return slot;
    }
}

void keys_add(struct keys *keys, uint64_t key, size_t index)
{
    *probe(keys, key) = (struct keys_slot){key, index + 1};
}

size_t keys_find(const struct keys *keys, uint64_t key)
{
    return keys->room ? probe(keys, key)->index - 1 : KEYS_NONE;
}

void keys_free(struct keys *keys)
{
    free(keys->slot);
    *keys = (struct keys){0};
}
