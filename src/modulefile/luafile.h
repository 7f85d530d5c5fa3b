// SPDX-License-Identifier: Apache-2.0
// luafile: modulefiles in Lua (Lua 5.4; Lmod's functions), held to what a modulefile may do.
//
// A file sees Lmod's functions and the harmless part of Lua's libraries; its globals are its own. It
// ends by an error when it needs too many steps or too much memory. What it prints is kept for
// a person to read: nothing of it can become code of the shell.
#pragma once

#include <lua.h>

#include "modulefile/engine.h"

struct luafile;
struct luafile *luafile_new(struct engine *engine);
void luafile_free(struct luafile *lua); // NULL is fine
// A state of its own within that of all files, held to the same limits; NULL-safe made when first needed. Until
// luafile_drop, the last first.
struct lua_State *luafile_thread(struct engine *engine);
void luafile_drop(struct engine *engine);
// Evaluates a modulefile in the engine's mode. Returns 0, or -1 with engine->err.
int luafile_run(struct luafile *lua, const char *path);
// Evaluates a .modulerc.lua of the folder of modules `name` and adds what it says. Returns 0, or -1
// with err.
int luafile_run_rc(struct luafile *lua, const char *path, const char *name, struct rc *rc,
                   struct err *err);
// What the .modulerc.lua that is evaluated adds to, and the name of its folder.
struct rc *luafile_rc(lua_State *state, const char **ret_name);
// What a file had of steps and time before counts no more.
void luafile_forgive(struct luafile *lua);
// Raises an error in a file that no pcall of it catches.
void luafile_stop(lua_State *state, const char *why);
