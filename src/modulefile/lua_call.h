// SPDX-License-Identifier: Apache-2.0
// lua_call: how Lmod's functions are called from a modulefile, in each of the engine's modes.
//
// A function of the tables below is plain C: it returns the number of its results, or -1 with
// engine->err, and frees what it made before: only the trampoline (lua_call.c) raises Lua's errors,
// which jump. Arguments are read first, before anything is allocated.
#pragma once

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "modulefile/engine.h"

enum lua_marks {
    LUA_EFFECT =
        1 << 0, // changes something: only shown by `show`, skipped where only text counts
    LUA_TEXT = 1 << 1, // says something of the module: done for whatis and help, and only there
    LUA_SHELL = 1 << 2, // an effect that a shell within a shell needs again
};
struct lua_function {
    const char *name;
    int (*run)(lua_State *state, struct engine *engine);
    unsigned marks;
};
// NULL names end them. lua_vars.c, lua_load.c, lua_text.c, lua_files.c, lua_system.c,
// lua_source.c
extern const struct lua_function lua_vars_functions[], lua_load_functions[],
    lua_text_functions[], lua_files_functions[], lua_system_functions[], lua_source_functions[],
    lua_posix_functions[];
extern const luaL_Reg lua_rc_functions[]; // what a .modulerc.lua has besides (lua_rc.c)
// Puts a table's functions into the table at the top of the stack.
void lua_call_put(lua_State *state, const struct lua_function *functions);
// What a file has as os, io, lfs and posix, in the table at the top of the stack (lua_system.c).
void lua_system_put(lua_State *state);
void lua_io_put(lua_State *state);
void lua_lfs_put(lua_State *state);
void lua_posix_put(lua_State *state);
void lua_strings_put(lua_State *state);  // into Lua's own (lua_strings.c)
void lua_patterns_put(lua_State *state); // in the place of Lua's own (lua_patterns.c)
struct engine *lua_engine(lua_State *state);
// In ENGINE_SPIDER: gathers what the call says (lua_gather.c). Returns whether that is all.
int lua_gather(lua_State *state, struct engine *engine, const struct lua_function *function);
// How much of a file is a call of help at its beginning, half of what there is to read: 0 if it is none.
size_t lua_gather_begin(const char *text);
// The folder that we were in before a file's lfs.chdir.
void lua_posix_return(lua_State *state);
// A variable as the file that is evaluated sees it, and the programs that it starts; NULL: not set.
const char *lua_system_get(const struct engine *engine, const char *name);
// Runs a program to its end or its time's (LOPIN_MODULE_SECONDS), with no input. Returns 0 with its exit status,
// or -1 with engine->err.
int lua_system_run(struct engine *engine, char *const *argv, struct str *out, struct str *error,
                   int *ret_status);

// A text argument without a NUL in it; numbers and booleans as Lua writes them. Raises an error where there is
// none: call it before anything is allocated.
const char *lua_call_text(lua_State *state, int place);
// The same, but only of a string: Lmod takes nothing else for a name.
const char *lua_call_string(lua_State *state, int place);
// In the place of the table at the top: a function that gives its values, one a call, then nil.
void lua_call_each(lua_State *state);
// The modules that the arguments are: texts, and what atleast, between and latest give. The array
// is the state's and good until the function returns.
struct catalog_wish *lua_call_wishes(lua_State *state, size_t *ret_count);
