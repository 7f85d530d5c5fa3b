// SPDX-License-Identifier: Apache-2.0
// lua_gather: what Lmod's functions are where a file is only asked what it is (gather.h).
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "modulefile/gather.h"
#include "modulefile/lua_call.h"

static void whatis(lua_State *state, struct engine *engine)
{
    gather_whatis(engine->gathered, lua_call_text(state, 1));
}

static void help(lua_State *state, struct engine *engine)
{
    int count = lua_gettop(state);
    for (int i = 1; i <= count; i++)
        lua_call_text(state, i);
    lua_concat(state, count);
    gather_help(engine->gathered, lua_tostring(state, -1));
}

static void extensions(lua_State *state, struct engine *engine)
{
    int count = lua_gettop(state);
    for (int i = 1; i <= count; i++)
        lua_call_text(state, i);
    for (int i = 1; i <= count; i++)
        gather_extensions(engine->gathered, lua_tostring(state, i));
}

// f("MODULEPATH", "/a") or f{"MODULEPATH", "/a", priority = 10}
static void path(lua_State *state, struct engine *engine)
{
    if (lua_type(state, 1) == LUA_TTABLE) {
        lua_settop(state, 1);
        lua_geti(state, 1, 1);
        lua_geti(state, 1, 2);
        lua_remove(state, 1);
    }
    const char *name = lua_call_text(state, 1), *value = lua_call_text(state, 2);
    gather_path(engine->gathered, name, value);
}

static void mark(lua_State *state, struct engine *engine)
{
    const char *property = lua_call_text(state, 1), *value = lua_call_text(state, 2);
    gather_mark(engine->gathered, property, value);
}

static void family(lua_State *state, struct engine *engine)
{
    gather_family(engine->gathered, lua_call_text(state, 1));
}

static void asks_env(lua_State *state, struct engine *engine)
{
    gather_env(engine, lua_call_text(state, 1));
}

static void asks_dir(lua_State *state, struct engine *engine)
{
    if (!lua_isnoneornil(state, 1))
        gather_stat(engine, lua_call_text(state, 1), 1);
}

static void asks_file(lua_State *state, struct engine *engine)
{
    if (!lua_isnoneornil(state, 1))
        gather_stat(engine, lua_call_text(state, 1), 0);
}

static void asks_more(lua_State *state, struct engine *engine)
{
    (void)state;
    gather_open(engine);
}

int lua_gather(lua_State *state, struct engine *engine, const struct lua_function *function)
{
    static const struct {
        const char *name;
        void (*run)(lua_State *state, struct engine *engine);
    } functions[] = {
        {"whatis", whatis},         {"help", help},
        {"prepend_path", path},     {"append_path", path},
        {"family", family},         {"add_property", mark},
        {"extensions", extensions}, {"getenv", asks_env},
        {"isDefined", asks_env},    {"isNotDefined", asks_env},
        {"isDir", asks_dir},        {"isFile", asks_file},
        {"capture", asks_more},     {"subprocess", asks_more},
        {"userInGroup", asks_more}, {"userInGroups", asks_more},
        {"isAvail", asks_more},     {"myShellName", asks_more},
        {"myShellType", asks_more}, {"source_sh", asks_more},
    };
    for (size_t i = 0; i < COUNT(functions); i++)
        if (*function->name == *functions[i].name &&
            strcmp(function->name, functions[i].name) == 0) {
            functions[i].run(state, engine);
            break;
        }
    return (function->marks & (LUA_EFFECT | LUA_TEXT)) != 0;
}

// Behind a long bracket "[==[" that begins at `at`, where it is closed; NULL: it is none, or not.
static const char *behind_bracket(const char *at)
{
    size_t level = *at == '[' ? strspn(at + 1, "=") : 0;
    if (*at != '[' || at[level + 1] != '[')
        return NULL;
    for (at += level + 2; (at = strchr(at, ']')); at++)
        if (strspn(at + 1, "=") == level && at[level + 1] == ']')
            return at + level + 2;
    return NULL;
}

size_t lua_gather_begin(const char *text)
{
    static const char blank[] = " \t\r\n";
    const char *at = text + strspn(text, blank);
    while (str_starts(at, "--") && at[2] != '[')
        at += strcspn(at, "\n"), at += strspn(at, blank);
    if (!str_starts(at, "help("))
        return 0;
    const char *end = behind_bracket(at + strlen("help("));
    if (!end || *end != ')' || !end[1] || !strchr(blank, end[1]))
        return 0;
    end += 1 + strspn(end + 1, blank);
    return *end == '-' || isalpha((unsigned char)*end) ? (size_t)(end - text) : 0;
}
