// SPDX-License-Identifier: Apache-2.0
// lua_memory: memory of a state of Lua: small pieces are cut from larger ones and used again by
// their size, and all of it goes with the state. A modulefile is some thousand pieces that live for
// the file.
#pragma once

#include <stddef.h>

enum { LUA_MEMORY_SIZES = 16, LUA_MEMORY_STEP = 16 };
struct lua_memory {    // zero-initialise to begin
    size_t used, most; // bytes; most: no more is given
    char *at;          // what is left of the last block
    size_t left, blocks, room;
    char **block;
    void *idle[LUA_MEMORY_SIZES]; // pieces by size, each with the place of the next in it
};
// As lua_Alloc; data is the struct.
void *lua_memory_change(void *data, void *old, size_t old_size, size_t size);
// Of all small pieces; the others are the state's (lua_close).
void lua_memory_free(struct lua_memory *memory);
