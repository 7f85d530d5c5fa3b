// SPDX-License-Identifier: Apache-2.0
#include "modulefile/lua_call.h"

#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

struct engine *lua_engine(lua_State *state)
{
    return *(struct engine **)lua_getextraspace(state);
}

const char *lua_call_text(lua_State *state, int place)
{
    size_t size;
    luaL_argcheck(state, !lua_isnoneornil(state, place), place, "a text is missing");
    luaL_argcheck(state, lua_type(state, place) != LUA_TTABLE, place, "a text is wanted");
    int is_string = lua_type(state, place) == LUA_TSTRING;
    const char *text =
        is_string ? lua_tolstring(state, place, &size) : luaL_tolstring(state, place, &size);
    luaL_argcheck(state, strlen(text) == size, place, "a text has no zero byte");
    if (is_string)
        return text;
    lua_replace(state, place);
    return lua_tostring(state, place);
}

const char *lua_call_string(lua_State *state, int place)
{
    luaL_checktype(state, place, LUA_TSTRING);
    return lua_call_text(state, place);
}

// Upvalue 1: the values, 2: how many were given.
static int give_next(lua_State *state)
{
    lua_Integer at = lua_tointeger(state, lua_upvalueindex(2)) + 1;
    lua_pushinteger(state, at);
    lua_replace(state, lua_upvalueindex(2));
    lua_geti(state, lua_upvalueindex(1), at);
    return 1;
}

void lua_call_each(lua_State *state)
{
    lua_pushinteger(state, 0);
    lua_pushcclosure(state, give_next, 2);
}

static const char *field(lua_State *state, int place, const char *name)
{
    lua_getfield(state, place, name);
    const char *text = lua_tostring(state, -1);
    lua_pop(state, 1); // the table keeps it
    return text;
}

struct catalog_wish *lua_call_wishes(lua_State *state, size_t *ret_count)
{
    int count = lua_gettop(state);
    for (int i = 1; i <= count; i++)
        if (lua_type(state, i) != LUA_TTABLE)
            lua_call_string(state, i);
    struct catalog_wish *wishes =
        lua_newuserdatauv(state, (size_t)(count ? count : 1) * sizeof *wishes, 0);
    for (int i = 1; i <= count; i++) {
        struct catalog_wish *wish = &wishes[i - 1];
        *wish = (struct catalog_wish){0};
        if (lua_type(state, i) != LUA_TTABLE) {
            wish->user = lua_tostring(state, i);
            continue;
        }
        wish->user = field(state, i, "name");
        luaL_argcheck(state, wish->user != NULL, i, "the name of a module is wanted");
        wish->least = field(state, i, "least");
        wish->most = field(state, i, "most");
        wish->how = field(state, i, "latest") ? CATALOG_LATEST : CATALOG_BETWEEN;
    }
    *ret_count = (size_t)count;
    return wishes;
}

// The arguments of a table in Lua have no order but that of their places.
static void add_table(lua_State *state, int place, struct str *into)
{
    const char *comma = "";
    str_add_char(into, '{');
    for (lua_Integer i = 1;; i++) {
        if (lua_geti(state, place, i) == LUA_TNIL)
            break;
        str_add(into, comma);
        str_add_quoted(into, luaL_tolstring(state, -1, NULL));
        lua_pop(state, 2);
        comma = ",";
    }
    lua_pop(state, 1);
    for (lua_pushnil(state); lua_next(state, place); lua_pop(state, 1)) {
        if (lua_type(state, -2) != LUA_TSTRING)
            continue;
        str_print(into, "%s%s=", comma, lua_tostring(state, -2));
        str_add_quoted(into, luaL_tolstring(state, -1, NULL));
        lua_pop(state, 1);
        comma = ",";
    }
    str_add_char(into, '}');
}

static void show(lua_State *state, const struct lua_function *function, struct str *into)
{
    int count = lua_gettop(state), alone = count == 1 && lua_type(state, 1) == LUA_TTABLE;
    str_print(into, "%s%s", function->name, alone ? "" : "(");
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            str_add_char(into, ',');
        if (lua_type(state, i) == LUA_TTABLE) {
            add_table(state, i, into);
        } else if (lua_type(state, i) == LUA_TSTRING) {
            str_add_quoted(into, lua_tostring(state, i));
        } else {
            str_add(into, luaL_tolstring(state, i, NULL));
            lua_pop(state, 1);
        }
    }
    str_add(into, alone ? "\n" : ")\n");
}

static int is_skipped(const struct engine *engine, unsigned marks)
{
    if (engine->mode == ENGINE_ABOUT || engine->mode == ENGINE_HELP)
        return (marks & LUA_EFFECT) != 0;
    if (engine->mode == ENGINE_REFRESH)
        return (marks & (LUA_EFFECT | LUA_SHELL)) == LUA_EFFECT;
    return 0;
}

static int call(lua_State *state)
{
    const struct lua_function *function = lua_touserdata(state, lua_upvalueindex(1));
    struct engine *engine = lua_engine(state);
    if (engine->mode == ENGINE_SHOW && function->marks & (LUA_EFFECT | LUA_TEXT)) {
        show(state, function, &engine->shown);
        return 0;
    }
    if (engine->mode == ENGINE_SPIDER && lua_gather(state, engine, function))
        return 0;
    if (is_skipped(engine, function->marks))
        return 0;
    int results = function->run(state, engine);
    if (results >= 0)
        return results;
    lua_pushlightuserdata(state, &engine->err);
    return lua_error(state);
}

void lua_call_put(lua_State *state, const struct lua_function *functions)
{
    for (; functions->name; functions++) {
        lua_pushlightuserdata(state, (void *)(uintptr_t)functions);
        lua_pushcclosure(state, call, 1);
        lua_setfield(state, -2, functions->name);
    }
}
