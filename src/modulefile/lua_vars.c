// SPDX-License-Identifier: Apache-2.0
// lua_vars: what a modulefile does to variables, aliases and functions; when it is unloaded, the
// reverse.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/lua_call.h"

// A name that may stand in an environment.
static const char *name_at(lua_State *state, int place)
{
    const char *name = lua_call_string(state, place), *end = name + strlen(name);
    while (isspace((unsigned char)*name))
        name++;
    while (end > name && isspace((unsigned char)end[-1]))
        end--;
    lua_pushlstring(state, name, (size_t)(end - name));
    lua_replace(state, place);
    name = lua_tostring(state, place);
    luaL_argcheck(state, *name && !strchr(name, '='), place, "this is no name of a variable");
    return name;
}

static int set_env(lua_State *state, struct engine *engine)
{
    const char *name = name_at(state, 1), *value = lua_call_text(state, 2);
    int respects = lua_toboolean(state, 3);
    const char *now = vars_get(&engine->vars, name);
    if (engine->mode == ENGINE_UNLOAD) {
        if (!respects || (now && strcmp(now, value) == 0))
            vars_unset(&engine->vars, name);
    } else if (!respects || !now) {
        vars_set(&engine->vars, name, value);
    }
    return 0;
}

static int unset_env(lua_State *state, struct engine *engine)
{
    const char *name = name_at(state, 1);
    if (engine->mode != ENGINE_UNLOAD)
        vars_unset(&engine->vars, name);
    return 0;
}

static int push_env(lua_State *state, struct engine *engine)
{
    const char *name = name_at(state, 1);
    int is_false = lua_isboolean(state, 2) && !lua_toboolean(state, 2);
    const char *value = is_false ? NULL : lua_call_text(state, 2);
    engine_push(engine, name, value);
    return 0;
}

// f("PATH", "/a", ":") or f{"PATH", "/a", delim = ":", priority = 10}
static void read_change(lua_State *state, struct paths_change *ret)
{
    if (lua_type(state, 1) == LUA_TTABLE) {
        lua_settop(state, 1);
        lua_geti(state, 1, 1);
        lua_geti(state, 1, 2);
        lua_getfield(state, 1, "delim");
        lua_getfield(state, 1, "priority");
        ret->priority = (int)luaL_optinteger(state, 5, 0);
        luaL_argcheck(state, ret->priority == 0 || ret->priority >= 10, 1,
                      "a priority is 10 or more");
        lua_remove(state, 1);
    }
    const char *separator = luaL_optstring(state, 3, ":");
    ret->separator = *separator ? *separator : ':';
    ret->name = name_at(state, 1);
    ret->value = lua_call_string(state, 2);
}

static int prepend(lua_State *state, struct engine *engine)
{
    struct paths_change change = {.where = PATHS_FIRST, .rules = engine->rules.paths};
    read_change(state, &change);
    if (engine->mode == ENGINE_UNLOAD)
        paths_remove(&engine->vars, &change);
    else
        paths_prepend(&engine->vars, &change);
    return 0;
}

static int append(lua_State *state, struct engine *engine)
{
    struct paths_change change = {.where = PATHS_LAST, .rules = engine->rules.paths};
    read_change(state, &change);
    if (engine->mode == ENGINE_UNLOAD)
        paths_remove(&engine->vars, &change);
    else
        paths_append(&engine->vars, &change);
    return 0;
}

static int remove_entry(lua_State *state, struct engine *engine)
{
    struct paths_change change = {.rules = engine->rules.paths};
    read_change(state, &change);
    paths_remove(&engine->vars, &change);
    return 0;
}

static int set_alias(lua_State *state, struct engine *engine)
{
    const char *name = lua_call_text(state, 1), *value = lua_call_text(state, 2);
    engine_word(engine, ENGINE_ALIAS, name, engine->mode == ENGINE_UNLOAD ? NULL : value, NULL);
    return 0;
}

static int unset_alias(lua_State *state, struct engine *engine)
{
    const char *name = lua_call_text(state, 1);
    if (engine->mode != ENGINE_UNLOAD)
        engine_word(engine, ENGINE_ALIAS, name, NULL, NULL);
    return 0;
}

static int set_function(lua_State *state, struct engine *engine)
{
    const char *name = lua_call_text(state, 1), *value = lua_call_text(state, 2);
    const char *csh = lua_isnoneornil(state, 3) ? "" : lua_call_text(state, 3);
    int gone = engine->mode == ENGINE_UNLOAD;
    engine_word(engine, ENGINE_FUNCTION, name, gone ? NULL : value, gone ? NULL : csh);
    return 0;
}

static int unset_function(lua_State *state, struct engine *engine)
{
    const char *name = lua_call_text(state, 1);
    if (engine->mode != ENGINE_UNLOAD)
        engine_word(engine, ENGINE_FUNCTION, name, NULL, NULL);
    return 0;
}

// complete(SHELL, NAME, ARGUMENTS): of another shell than ours nothing.
static int complete(lua_State *state, struct engine *engine)
{
    const char *shell = lua_call_text(state, 1), *name = lua_call_text(state, 2);
    const char *words = lua_call_text(state, 3);
    if (strcmp(shell, engine->shell) == 0)
        engine_word(engine, ENGINE_COMPLETE, name, engine->mode == ENGINE_UNLOAD ? NULL : words,
                    NULL);
    return 0;
}

static int uncomplete(lua_State *state, struct engine *engine)
{
    const char *shell = lua_call_text(state, 1), *name = lua_call_text(state, 2);
    if (strcmp(shell, engine->shell) == 0)
        engine_word(engine, ENGINE_COMPLETE, name, NULL, NULL);
    return 0;
}

// Of Lua, not of the environment.
static int is_global(lua_State *state)
{
    lua_pushglobaltable(state);
    lua_pushvalue(state, 1);
    return lua_gettable(state, -2) != LUA_TNIL;
}

static int is_defined(lua_State *state, struct engine *engine)
{
    (void)engine;
    lua_settop(state, 1);
    lua_pushboolean(state, is_global(state));
    return 1;
}

static int is_not_defined(lua_State *state, struct engine *engine)
{
    (void)engine;
    lua_settop(state, 1);
    lua_pushboolean(state, !is_global(state));
    return 1;
}

const struct lua_function lua_vars_functions[] = {
    {"setenv", set_env, LUA_EFFECT},
    {"unsetenv", unset_env, LUA_EFFECT},
    {"pushenv", push_env, LUA_EFFECT},
    {"prepend_path", prepend, LUA_EFFECT},
    {"append_path", append, LUA_EFFECT},
    {"remove_path", remove_entry, LUA_EFFECT},
    {"set_alias", set_alias, LUA_EFFECT | LUA_SHELL},
    {"unset_alias", unset_alias, LUA_EFFECT | LUA_SHELL},
    {"set_shell_function", set_function, LUA_EFFECT | LUA_SHELL},
    {"unset_shell_function", unset_function, LUA_EFFECT | LUA_SHELL},
    {"complete", complete, LUA_EFFECT | LUA_SHELL},
    {"uncomplete", uncomplete, LUA_EFFECT | LUA_SHELL},
    {"isDefined", is_defined, 0},
    {"isNotDefined", is_not_defined, 0},
    {0},
};
