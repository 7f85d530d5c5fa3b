// SPDX-License-Identifier: Apache-2.0
#include "modulefile/lua_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK = 32 << 10, SMALL = LUA_MEMORY_SIZES * LUA_MEMORY_STEP };

static size_t place_of(size_t size)
{
    return (size - 1) / LUA_MEMORY_STEP;
}

static void *take(struct lua_memory *memory, size_t size)
{
    size_t place = place_of(size), whole = (place + 1) * LUA_MEMORY_STEP;
    void *piece = memory->idle[place];
    if (piece) {
        memcpy(&memory->idle[place], piece, sizeof piece);
        return piece;
    }
    if (memory->left < whole) {
        mem_room(&memory->block, &memory->room, memory->blocks + 1, sizeof *memory->block);
        memory->at = memory->block[memory->blocks++] = mem_alloc(BLOCK);
        memory->left = BLOCK;
    }
    piece = memory->at;
    memory->at += whole;
    memory->left -= whole;
    return piece;
}

static void give(struct lua_memory *memory, void *piece, size_t size)
{
    void **idle = &memory->idle[place_of(size)];
    memcpy(piece, idle, sizeof piece);
    *idle = piece;
}

static void *change(struct lua_memory *memory, void *old, size_t old_size, size_t size)
{
    if (old_size > SMALL && size > SMALL)
        return mem_resize(old, size, 1);
    if (old_size && size && old_size <= SMALL && size <= SMALL &&
        place_of(old_size) == place_of(size))
        return old;
    void *new = !size ? NULL : size > SMALL ? mem_alloc(size) : take(memory, size);
    if (old_size && size)
        memcpy(new, old, old_size < size ? old_size : size);
    if (old_size > SMALL)
        free(old);
    else if (old_size)
        give(memory, old, old_size);
    return new;
}

void *lua_memory_change(void *data, void *old, size_t old_size, size_t size)
{
    struct lua_memory *memory = data;
    size_t before = old ? old_size : 0; // of what is new the number tells its kind
    if (size > before && memory->used + (size - before) > memory->most)
        return NULL;
    memory->used += size - before;
    return change(memory, old, before, size);
}

void lua_memory_free(struct lua_memory *memory)
{
    for (size_t i = 0; i < memory->blocks; i++)
        free(memory->block[i]);
    free(memory->block);
    *memory = (struct lua_memory){0};
}
