// SPDX-License-Identifier: Apache-2.0
// lua_sandbox: what of Lua a modulefile sees: exactly what Lmod 8.6 lets it see, so that a file that
// works here works there. What loadfile gives has all of Lua but what touches other files or
// programs; there too.
#include "modulefile/lua_sandbox.h"

#include <string.h>

#include "base/mem.h"
#include "modulefile/lua_call.h"

enum { SOME = 24, MANY = 110 }; // members of a table, so that it does not grow by and by

static const char *const own_names[] = {"assert",   "ipairs",   "next", "pairs",    "pcall",
                                        "tonumber", "tostring", "type", "unpack",   "require",
                                        "loadfile", "print",    "dbg",  "_VERSION", NULL};
static const char *const string_names[] = {
    "byte", "char", "find",    "format", "gmatch", "gsub",  "len",    "lower",
    "rep",  "sub",  "reverse", "match",  "upper",  "split", "escape", NULL};
static const char *const table_names[] = {"insert", "remove", "sort", "concat", "unpack",
                                          "sqrt",   "tan",    "tanh", NULL};
static const char *const io_names[] = {"stderr", "open", "close", "write", "stdout", NULL};
static const char *const math_names[] = {"floor", "ceil", "min", "max", NULL};
static const char *const posix_names[] = {"uname",    "setenv", "hostid", "open", "openlog",
                                          "closelog", "syslog", "stat",   NULL};

// Copies members of the table at `from` into the one at the top of the stack.
static void copy(lua_State *state, int from, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(state, from, *names);
        lua_setfield(state, -2, *names);
    }
}

// Puts a table with some members of a library into the one at the top of the stack.
static void copy_library(lua_State *state, const char *name, const char *const *names)
{
    int count = 0;
    while (names[count])
        count++;
    lua_getglobal(state, name);
    lua_createtable(state, 0, count);
    copy(state, lua_gettop(state) - 1, names);
    lua_setfield(state, -3, name);
    lua_pop(state, 1);
}

static int nothing(lua_State *state)
{
    (void)state;
    return 0;
}

static int no(lua_State *state)
{
    lua_pushboolean(state, 0);
    return 1;
}

// A finalizer would run when nothing is in force any more.
static int set_metatable(lua_State *state)
{
    luaL_checktype(state, 1, LUA_TTABLE);
    luaL_argexpected(state, lua_isnoneornil(state, 2) || lua_istable(state, 2), 2, "table");
    luaL_argcheck(state, !luaL_getmetafield(state, 1, "__metatable"), 1,
                  "its metatable is protected");
    if (lua_istable(state, 2))
        luaL_argcheck(state, lua_getfield(state, 2, "__gc") == LUA_TNIL, 2,
                      "a modulefile has no finalizers");
    lua_settop(state, 2);
    lua_setmetatable(state, 1);
    return 1;
}

static void protect(lua_State *state, const char *kind)
{
    luaL_getmetatable(state, kind);
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_pop(state, 1);
}

static void put_library(lua_State *state, const char *name, void (*put)(lua_State *))
{
    lua_createtable(state, 0, SOME);
    put(state);
    lua_setglobal(state, name);
}

// table.sqrt and its like stand where Lmod has them.
static void put_tables(lua_State *state)
{
    static const char *const from_math[] = {"sqrt", "tan", NULL}; // no tanh in 5.4
    lua_getglobal(state, "math");
    lua_getglobal(state, "table");
    copy(state, lua_gettop(state) - 1, from_math);
    lua_getfield(state, -1, "unpack");
    lua_setglobal(state, "unpack");
    lua_settop(state, 0);
}

static void put_lua(lua_State *state)
{
    static const char *const unsafe[] = {"dofile",         "load",  "loadfile",
                                         "collectgarbage", "pcall", "_G",
                                         "xpcall",         "warn",  "print"};
    luaL_requiref(state, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(state, "table", luaopen_table, 1);
    luaL_requiref(state, "string", luaopen_string, 1);
    luaL_requiref(state, "math", luaopen_math, 1);
    luaL_requiref(state, "utf8", luaopen_utf8, 1);
    lua_settop(state, 0);
    for (size_t i = 0; i < COUNT(unsafe); i++) {
        lua_pushnil(state);
        lua_setglobal(state, unsafe[i]);
    }
    lua_pushcfunction(state, set_metatable);
    lua_setglobal(state, "setmetatable");
    lua_getglobal(state, "string"); // compiled code is no text
    lua_pushnil(state);
    lua_setfield(state, -2, "dump");
    lua_strings_put(state);
    lua_patterns_put(state);
    lua_settop(state, 0);
    put_tables(state);
}

// Lmod's words for whoever looks for faults in it.
static void put_dbg(lua_State *state)
{
    static const luaL_Reg functions[] = {
        {"active", no},      {"fini", nothing},   {"print", nothing}, {"print2D", nothing},
        {"printA", nothing}, {"printT", nothing}, {"start", nothing}, {NULL, NULL}};
    luaL_setfuncs(state, functions, 0);
}

// Names that require knows. Lmod's own files give nothing but their being there.
static void put_libraries(lua_State *state)
{
    static const char *const known[] = {"string", "table", "math", "utf8",
                                        "os",     "io",    "lfs",  "posix"};
    static const char *const there[] = {
        "strict", "SitePackage", "string_utils", "fileOps",     "capture",
        "utils",  "declare",     "modfuncs",     "pairsByKeys", "sandbox"};
    lua_createtable(state, 0, (int)(COUNT(known) + COUNT(there)));
    for (size_t i = 0; i < COUNT(known); i++) {
        lua_getglobal(state, known[i]);
        lua_setfield(state, -2, known[i]);
    }
    for (size_t i = 0; i < COUNT(there); i++) {
        lua_pushboolean(state, 1);
        lua_setfield(state, -2, there[i]);
    }
    lua_newtable(state); // package
    lua_pushvalue(state, -2);
    lua_setfield(state, -2, "loaded");
    lua_newtable(state);
    lua_setfield(state, -2, "preload");
    lua_pushliteral(state, "");
    lua_setfield(state, -2, "path");
    lua_pushliteral(state, "");
    lua_setfield(state, -2, "cpath");
    lua_setglobal(state, "package");
    lua_setfield(state, LUA_REGISTRYINDEX, LUA_LIBRARIES);
}

// Lmod's functions, once, behind the globals and behind what is in the sandbox.
static void put_functions(lua_State *state)
{
    lua_createtable(state, 0, MANY);
    lua_call_put(state, lua_vars_functions);
    lua_call_put(state, lua_load_functions);
    lua_call_put(state, lua_text_functions);
    lua_call_put(state, lua_files_functions);
    lua_call_put(state, lua_system_functions);
    lua_call_put(state, lua_source_functions);
    lua_createtable(state, 0, 1);
    lua_insert(state, -2);
    lua_setfield(state, -2, "__index");
}

// Has the table with them at the top; the sandbox gets it too.
static void put_sandbox(lua_State *state)
{
    static const char *const whole[] = {"os", "lfs", "package", NULL};
    lua_createtable(state, 0, SOME + SOME / 2);
    lua_insert(state, -2);
    lua_setmetatable(state, -2);
    lua_pushglobaltable(state);
    lua_insert(state, -2);
    copy(state, lua_gettop(state) - 1, own_names);
    copy(state, lua_gettop(state) - 1, whole);
    lua_remove(state, -2);
    copy_library(state, "io", io_names);
    copy_library(state, "string", string_names);
    copy_library(state, "table", table_names);
    copy_library(state, "math", math_names);
    copy_library(state, "posix", posix_names);
    lua_setfield(state, LUA_REGISTRYINDEX, LUA_SANDBOX);
}

void lua_sandbox_put(lua_State *state, const luaL_Reg *own)
{
    put_lua(state);
    lua_pushglobaltable(state);
    luaL_setfuncs(state, own, 0);
    put_functions(state);
    lua_pushvalue(state, -1);
    lua_setmetatable(state, -3);
    put_library(state, "os", lua_system_put);
    put_library(state, "io", lua_io_put);
    put_library(state, "lfs", lua_lfs_put);
    put_library(state, "posix", lua_posix_put);
    put_library(state, "dbg", put_dbg);
    protect(state, LUA_FILEHANDLE);
    put_libraries(state);
    put_sandbox(state);
    lua_settop(state, 0);
}

static void push_behind(lua_State *state, const char *common)
{
    lua_newtable(state);
    lua_newtable(state);
    if (common)
        lua_getfield(state, LUA_REGISTRYINDEX, common);
    else
        lua_pushglobaltable(state);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, -2);
}

void lua_sandbox_enter(lua_State *state)
{
    push_behind(state, LUA_SANDBOX);
    lua_setfield(state, LUA_REGISTRYINDEX, LUA_FILE);
    push_behind(state, NULL);
    lua_setfield(state, LUA_REGISTRYINDEX, LUA_CHUNKS);
}
