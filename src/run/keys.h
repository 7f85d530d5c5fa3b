// SPDX-License-Identifier: Apache-2.0
// keys: the key of a dataset -> its index.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define KEYS_NONE SIZE_MAX

struct keys { // zero-initialise to begin
    struct keys_slot *slot;
    size_t room;
};
// Makes room for `count` keys, which may be added after it.
void keys_make(struct keys *keys, size_t count);
void keys_add(struct keys *keys, uint64_t key, size_t index); // the last index of a key counts
size_t keys_find(const struct keys *keys, uint64_t key);      // KEYS_NONE if it is not there
void keys_free(struct keys *keys);
