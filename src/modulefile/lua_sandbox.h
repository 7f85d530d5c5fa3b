// SPDX-License-Identifier: Apache-2.0
// lua_sandbox: the names that a modulefile, and what it takes in by loadfile, can see.
#pragma once

#include <lauxlib.h>
#include <lua.h>

// In the registry: what all files see; what require knows; the globals of the file that is being
// evaluated, and those of the chunks that it loads.
#define LUA_SANDBOX   "lopin.sandbox"
#define LUA_LIBRARIES "lopin.libraries"
#define LUA_FILE      "lopin.file"
#define LUA_CHUNKS    "lopin.chunks"

// Once a state. own: functions of luafile.c.
void lua_sandbox_put(lua_State *state, const luaL_Reg *own);
// New globals for a file; who needs those before keeps them.
void lua_sandbox_enter(lua_State *state);
