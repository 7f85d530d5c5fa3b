// SPDX-License-Identifier: Apache-2.0
// lua_rc: what a .modulerc.lua says of modules (rc.h): module_version, module_alias, hide_version,
// hide_modulefile, and hide and forbid as of Lmod 8.7 (Lmod's manual, "modulerc").
//
// Errors of Lua's jump: a table is looked at whole before anything is allocated.
#include <string.h>

#include "base/mem.h"
#include "module/rc_when.h"
#include "modulefile/lua_call.h"
#include "modulefile/luafile.h"

enum key_kind { KEY_TEXT, KEY_LIST, KEY_TIME, KEY_BOOLEAN };
enum { KEY_NAME, KEY_HOW, KEY_LOADED, KEY_MESSAGE, KEY_NEARLY };
struct key {
    const char *name;
    enum key_kind kind;
    int which;        // KEY_*, or an enum rc_condition
    const char *only; // of "hide" or "forbid"; NULL: of both
};
static const struct key keys[] = {
    {"name", KEY_LIST, KEY_NAME, NULL},
    {"kind", KEY_TEXT, KEY_HOW, "hide"},
    {"hidden_loaded", KEY_BOOLEAN, KEY_LOADED, "hide"},
    {"message", KEY_TEXT, KEY_MESSAGE, "forbid"},
    {"nearly_message", KEY_TEXT, KEY_NEARLY, "forbid"},
    {"before", KEY_TIME, RC_BEFORE, NULL},
    {"after", KEY_TIME, RC_AFTER, NULL},
    {"userA", KEY_LIST, RC_USER, NULL},
    {"groupA", KEY_LIST, RC_GROUP, NULL},
    {"notUserA", KEY_LIST, RC_NOT_USER, NULL},
    {"notGroupA", KEY_LIST, RC_NOT_GROUP, NULL},
};
static const struct how {
    const char *name;
    enum rc_kind kind;
} hows[] = {{"hidden", RC_HIDE}, {"soft", RC_HIDE_SOFT}, {"hard", RC_HIDE_HARD}};

struct said { // borrowed of the table, but for `when`
    const char *how, *message, *nearly;
    int loaded;
    struct str when;
};

static int version(lua_State *state)
{
    const char *folder;
    struct rc *rc = luafile_rc(state, &folder);
    int count = lua_gettop(state);
    for (int i = 1; i <= count; i++)
        lua_call_text(state, i);
    for (int i = 2; i <= count; i++)
        rc_add_version(rc, folder, lua_tostring(state, 1), lua_tostring(state, i));
    return 0;
}

static int alias(lua_State *state)
{
    const char *folder, *name = lua_call_text(state, 1), *target = lua_call_text(state, 2);
    rc_add(luafile_rc(state, &folder), RC_ALIAS, name, target);
    return 0;
}

static int hide_plainly(lua_State *state)
{
    const char *folder, *name = lua_call_text(state, 1);
    rc_add(luafile_rc(state, &folder), RC_HIDE, "", name);
    return 0;
}

static const struct key *key_of(const char *name, const char *function)
{
    for (size_t i = 0; i < COUNT(keys); i++)
        if (strcmp(keys[i].name, name) == 0 &&
            (!keys[i].only || strcmp(keys[i].only, function) == 0))
            return &keys[i];
    return NULL;
}

static const struct how *how_of(const char *name)
{
    for (size_t i = 0; i < COUNT(hows); i++)
        if (strcmp(hows[i].name, name) == 0)
            return &hows[i];
    return NULL;
}

static void check_text(lua_State *state, int place, const char *function, const char *name)
{
    size_t size;
    if (lua_type(state, place) != LUA_TSTRING)
        luaL_error(state, "%s: '%s' is to be a text, and is of type %s", function, name,
                   luaL_typename(state, place));
    const char *text = lua_tolstring(state, place, &size);
    if (strlen(text) != size)
        luaL_error(state, "%s: '%s' has a zero byte", function, name);
}

static void check_list(lua_State *state, const char *function, const char *name)
{
    int place = lua_gettop(state);
    if (lua_type(state, place) == LUA_TSTRING) {
        check_text(state, place, function, name);
        return;
    }
    if (lua_type(state, place) != LUA_TTABLE)
        luaL_error(state, "%s: '%s' is to be a text or a list of texts, and is of type %s",
                   function, name, luaL_typename(state, place));
    lua_Unsigned count = lua_rawlen(state, place), all = 0;
    for (lua_pushnil(state); lua_next(state, place); lua_pop(state, 1))
        all++;
    if (all != count)
        luaL_error(state, "%s: '%s' is no list: it has other keys than 1, 2, ...", function,
                   name);
    for (lua_Unsigned i = 1; i <= count; i++, lua_pop(state, 1)) {
        lua_rawgeti(state, place, (lua_Integer)i);
        check_text(state, -1, function, name);
    }
}

static void check_value(lua_State *state, const char *function, const struct key *key)
{
    if (key->kind == KEY_LIST) {
        check_list(state, function, key->name);
        return;
    }
    if (key->kind == KEY_BOOLEAN) {
        if (lua_type(state, -1) != LUA_TBOOLEAN)
            luaL_error(state, "%s: '%s' is to be true or false", function, key->name);
        return;
    }
    check_text(state, -1, function, key->name);
    const char *text = lua_tostring(state, -1);
    if (key->kind == KEY_TIME) {
        struct str when = {0};
        int status = rc_when_add(&when, (enum rc_condition)key->which, text);
        str_free(&when);
        if (status < 0)
            luaL_error(state, "%s: '%s' is no time as YYYY-MM-DD or YYYY-MM-DDTHH:MM: \"%s\"",
                       function, key->name, text);
    }
    if (key->kind == KEY_TEXT && key->which == KEY_HOW && !how_of(text))
        luaL_error(state, "%s: 'kind' is hidden, soft or hard, not \"%s\"", function, text);
}

static void check(lua_State *state, const char *function)
{
    int has_name = 0;
    if (lua_gettop(state) != 1 || lua_type(state, 1) != LUA_TTABLE)
        luaL_error(state, "%s wants a table: %s{name=\"a/1\"}", function, function);
    for (lua_pushnil(state); lua_next(state, 1); lua_pop(state, 1)) {
        if (lua_type(state, -2) != LUA_TSTRING)
            luaL_error(state, "%s: its table has a value without a key: name=\"a/1\" is wanted",
                       function);
        const char *name = lua_tostring(state, -2);
        const struct key *key = key_of(name, function);
        if (!key)
            luaL_error(state, "%s: there is no key '%s'", function, name);
        check_value(state, function, key);
        has_name |= key->kind == KEY_LIST && key->which == KEY_NAME;
    }
    if (!has_name)
        luaL_error(state, "%s: its table has no 'name', the module's", function);
}

// Calls `take` for the text, or each of the list, at the top.
static void each(lua_State *state, void (*take)(const char *text, const void *what, void *data),
                 const void *what, void *data)
{
    if (lua_type(state, -1) == LUA_TSTRING) {
        take(lua_tostring(state, -1), what, data);
        return;
    }
    lua_Unsigned count = lua_rawlen(state, -1);
    for (lua_Unsigned i = 1; i <= count; i++, lua_pop(state, 1)) {
        lua_rawgeti(state, -1, (lua_Integer)i);
        take(lua_tostring(state, -1), what, data);
    }
}

static void take_condition(const char *text, const void *what, void *data)
{
    const struct key *key = what;
    rc_when_add(data, (enum rc_condition)key->which, text);
}

static void take_entry(const char *text, const void *what, void *data)
{
    struct rc_entry entry = *(const struct rc_entry *)what;
    entry.target = (char *)text;
    rc_add_entry(data, &entry);
}

static void take_value(lua_State *state, const struct key *key, struct said *said)
{
    const char *text = lua_type(state, -1) == LUA_TSTRING ? lua_tostring(state, -1) : NULL;
    if (key->kind == KEY_TIME || (key->kind == KEY_LIST && key->which != KEY_NAME)) {
        if (!text && !lua_rawlen(state, -1)) // only for those of an empty list: nobody
            take_condition("", key, &said->when);
        each(state, take_condition, key, &said->when);
    } else if (key->kind == KEY_BOOLEAN) {
        said->loaded = lua_toboolean(state, -1);
    } else if (key->which == KEY_HOW) {
        said->how = text;
    } else if (key->which == KEY_MESSAGE) {
        said->message = text;
    } else if (key->which == KEY_NEARLY) {
        said->nearly = text;
    }
}

// What was looked at: nothing here raises an error.
static void read(lua_State *state, const char *function, struct said *ret)
{
    *ret = (struct said){0};
    for (lua_pushnil(state); lua_next(state, 1); lua_pop(state, 1))
        take_value(state, key_of(lua_tostring(state, -2), function), ret);
}

static void add(lua_State *state, const struct said *said, enum rc_kind kind)
{
    const char *folder;
    const struct rc_entry entry = {.kind = kind,
                                   .words = (char *)said->message,
                                   .nearly = (char *)said->nearly,
                                   .when = said->when.text};
    struct rc *rc = luafile_rc(state, &folder);
    for (lua_pushnil(state); lua_next(state, 1); lua_pop(state, 1))
        if (strcmp(lua_tostring(state, -2), "name") == 0)
            each(state, take_entry, &entry, rc);
}

static int hide(lua_State *state)
{
    struct said said;
    luaL_checkstack(state, 8, NULL);
    check(state, "hide");
    read(state, "hide", &said);
    const struct how *how = said.how ? how_of(said.how) : NULL;
    add(state, &said, how ? how->kind : RC_HIDE);
    if (said.loaded)
        add(state, &said, RC_HIDE_LOADED);
    str_free(&said.when);
    return 0;
}

static int forbid(lua_State *state)
{
    struct said said;
    luaL_checkstack(state, 8, NULL);
    check(state, "forbid");
    read(state, "forbid", &said);
    add(state, &said, RC_FORBID);
    str_free(&said.when);
    return 0;
}

const luaL_Reg lua_rc_functions[] = {{"module_version", version},
                                     {"module_alias", alias},
                                     {"hide_version", hide_plainly},
                                     {"hide_modulefile", hide_plainly},
                                     {"hide", hide},
                                     {"forbid", forbid},
                                     {NULL, NULL}};
