// SPDX-License-Identifier: Apache-2.0
// lua_strings: what Lmod adds to Lua's strings.
#include <ctype.h>
#include <string.h>

#include "modulefile/lua_call.h"

// The next part, and where the one after it begins; nil behind the last.
static int next_part(lua_State *state)
{
    size_t size;
    const char *text = lua_tolstring(state, lua_upvalueindex(1), &size);
    lua_Integer at = lua_tointeger(state, lua_upvalueindex(3));
    if (at < 0 || (size_t)at > size)
        return 0;
    lua_getglobal(state, "string");
    lua_getfield(state, -1, "find");
    lua_pushlstring(state, text, size);
    lua_pushvalue(state, lua_upvalueindex(2));
    lua_pushinteger(state, at + 1);
    lua_call(state, 3, 2);
    int found = !lua_isnil(state, -2);
    lua_Integer begin = found ? lua_tointeger(state, -2) - 1 : (lua_Integer)size;
    lua_Integer after = found ? lua_tointeger(state, -1) : -1;
    if (found && after <= begin) // an empty separator would never end
        after = -1;
    lua_pushinteger(state, after);
    lua_replace(state, lua_upvalueindex(3));
    lua_pushlstring(state, text + at, (size_t)(begin - at));
    return 1;
}

// for part in text:split(":") do ... end; the separator is a pattern.
static int split(lua_State *state)
{
    luaL_checkstring(state, 1);
    luaL_optstring(state, 2, ":");
    lua_settop(state, 2);
    if (lua_isnil(state, 2)) {
        lua_pushliteral(state, ":");
        lua_replace(state, 2);
    }
    lua_pushinteger(state, 0);
    lua_pushcclosure(state, next_part, 3);
    return 1;
}

// As a pattern that means the text itself.
static int escape(lua_State *state)
{
    luaL_Buffer out;
    size_t size;
    const char *text = luaL_checklstring(state, 1, &size);
    luaL_buffinit(state, &out);
    for (size_t i = 0; i < size; i++) {
        if (ispunct((unsigned char)text[i]))
            luaL_addchar(&out, '%');
        luaL_addchar(&out, text[i]);
    }
    luaL_pushresult(&out);
    return 1;
}

static int trim(lua_State *state)
{
    size_t size, from = 0;
    const char *text = luaL_checklstring(state, 1, &size);
    while (from < size && isspace((unsigned char)text[from]))
        from++;
    while (size > from && isspace((unsigned char)text[size - 1]))
        size--;
    lua_pushlstring(state, text + from, size - from);
    return 1;
}

void lua_strings_put(lua_State *state)
{
    static const luaL_Reg functions[] = {
        {"split", split}, {"escape", escape}, {"trim", trim}, {NULL, NULL}};
    luaL_setfuncs(state, functions, 0);
}
