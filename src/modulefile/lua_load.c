// SPDX-License-Identifier: Apache-2.0
// lua_load: what a modulefile asks of other modules.
#include <string.h>

#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/engine_parts.h"
#include "modulefile/lua_call.h"

static int load_or_unload(lua_State *state, struct engine *engine, int must)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    if (engine->mode == ENGINE_UNLOAD)
        return engine_unload_wishes(engine, wishes, count);
    return engine_load_wishes(engine, wishes, count, must);
}

static int load(lua_State *state, struct engine *engine)
{
    return load_or_unload(state, engine, 1);
}

static int try_load(lua_State *state, struct engine *engine)
{
    return load_or_unload(state, engine, 0);
}

static int always_load(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_load_wishes(engine, wishes, count, 1);
}

static int unload(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    return engine_unload_wishes(engine, wishes, count);
}

// The first that is there; NULL: none is, and the command fails with that.
static const struct catalog_wish *first_there(struct engine *engine,
                                              const struct catalog_wish *wishes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (engine_is_there(engine, &wishes[i]))
            return &wishes[i];
    for (size_t i = 0; i < count; i++)
        strv_add(&engine->missing, wishes[i].user);
    return NULL;
}

static int load_any(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    if (engine->mode == ENGINE_UNLOAD)
        return engine_unload_wishes(engine, wishes, count);
    const struct catalog_wish *wish = first_there(engine, wishes, count);
    return wish ? engine_load_wishes(engine, wish, 1, 1) : 0;
}

// As a site's own code asks for one: by a table of its name. It stays.
static int load_for_site(lua_State *state, struct engine *engine)
{
    luaL_checktype(state, 2, LUA_TTABLE);
    lua_getfield(state, 2, "userName");
    const struct catalog_wish wish = {.user = lua_call_text(state, -1)};
    return engine->mode == ENGINE_UNLOAD
               ? 0
               : engine_load_wishes(engine, &wish, 1, lua_toboolean(state, 1));
}

static int inherit(lua_State *state, struct engine *engine)
{
    (void)state;
    return engine_inherit(engine);
}

static int depends_on(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    return engine_depend(engine, wishes, count);
}

static int depends_on_any(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    for (size_t i = 0; i < count; i++)
        if (engine_is_loaded(engine, &wishes[i]))
            return engine_depend(engine, &wishes[i], 1);
    if (engine->mode == ENGINE_UNLOAD)
        return 0;
    const struct catalog_wish *wish = first_there(engine, wishes, count);
    return wish ? engine_depend(engine, wish, 1) : 0;
}

static int conflict(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_check_conflict(engine, wishes, count);
}

static int prereq(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_check_prereq(engine, wishes, count, 0);
}

static int prereq_any(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_check_prereq(engine, wishes, count, 1);
}

static int family(lua_State *state, struct engine *engine)
{
    return engine_family(engine, lua_call_string(state, 1));
}

static int is_loaded(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    lua_pushboolean(state, count && engine_is_loaded(engine, wishes));
    return 1;
}

static int is_pending(lua_State *state, struct engine *engine)
{
    size_t count;
    const struct catalog_wish *wishes = lua_call_wishes(state, &count);
    const struct loaded_module *module = count ? engine_loaded(engine, wishes) : NULL;
    lua_pushboolean(state, module && module->status == LOADED_PENDING &&
                               (strcmp(wishes->user, module->name) == 0 ||
                                strcmp(wishes->user, module->full) == 0));
    return 1;
}

// The file that it would be, which is as good as true.
static int is_avail(lua_State *state, struct engine *engine)
{
    const struct catalog_wish wish = {.user = lua_call_string(state, 1)};
    struct catalog_found found = {0};
    if (engine_find(engine, &wish, &found) && !engine_forbids(engine, &found))
        lua_pushstring(state, found.file);
    else
        lua_pushboolean(state, 0);
    catalog_found_free(&found);
    return 1;
}

static void push_range(lua_State *state, int least, int most)
{
    const char *bounds[] = {"least", "most"};
    int places[] = {least, most};
    lua_newtable(state);
    lua_pushvalue(state, 1);
    lua_setfield(state, -2, "name");
    for (size_t i = 0; i < COUNT(places); i++)
        if (places[i]) {
            lua_pushvalue(state, places[i]);
            lua_setfield(state, -2, bounds[i]);
        }
}

static int at_least(lua_State *state, struct engine *engine)
{
    (void)engine;
    lua_call_text(state, 1);
    lua_call_text(state, 2);
    push_range(state, 2, 0);
    return 1;
}

static int between(lua_State *state, struct engine *engine)
{
    (void)engine;
    lua_call_text(state, 1);
    lua_call_text(state, 2);
    lua_call_text(state, 3);
    push_range(state, 2, 3);
    return 1;
}

static int latest(lua_State *state, struct engine *engine)
{
    (void)engine;
    lua_call_text(state, 1);
    push_range(state, 0, 0);
    lua_pushliteral(state, "yes");
    lua_setfield(state, -2, "latest");
    return 1;
}

static int loaded_modules(lua_State *state, struct engine *engine)
{
    struct loaded_module **list = loaded_list(&engine->loaded, 0);
    size_t count = 0;
    while (list[count])
        count++;
    struct loaded_module **own = lua_newuserdatauv(state, (count + 1) * sizeof *own, 0);
    memcpy(own, list, (count + 1) * sizeof *own);
    mem_free_at(&list);
    lua_createtable(state, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        const char *fields[][2] = {{"sn", own[i]->name},
                                   {"fullName", own[i]->full},
                                   {"fn", own[i]->file},
                                   {"userName", own[i]->user}};
        lua_newtable(state);
        for (size_t k = 0; k < COUNT(fields); k++) {
            lua_pushstring(state, fields[k][1]);
            lua_setfield(state, -2, fields[k][0]);
        }
        lua_seti(state, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int add_property(lua_State *state, struct engine *engine)
{
    const char *name = lua_call_text(state, 1), *value = lua_call_text(state, 2);
    struct loaded_module *module = loaded_get(&engine->loaded, engine->frame->name);
    if (module && engine->mode != ENGINE_UNLOAD && !loaded_is(module, name, value))
        strv_take(&module->marks, mem_print("%s\t%s", name, value));
    return 0;
}

static int remove_property(lua_State *state, struct engine *engine)
{
    const char *name = lua_call_text(state, 1), *value = lua_call_text(state, 2);
    struct loaded_module *module = loaded_get(&engine->loaded, engine->frame->name);
    if (module && engine->mode != ENGINE_UNLOAD)
        loaded_unmark(module, name, value);
    return 0;
}

// Names of extensions are for those who look for them (spider).
static int nothing(lua_State *state, struct engine *engine)
{
    (void)state;
    (void)engine;
    return 0;
}

const struct lua_function lua_load_functions[] = {
    {"load", load, LUA_EFFECT},
    {"try_load", try_load, LUA_EFFECT},
    {"try_add", try_load, LUA_EFFECT},
    {"always_load", always_load, LUA_EFFECT},
    {"load_any", load_any, LUA_EFFECT},
    {"mgrload", load_for_site, LUA_EFFECT},
    {"inherit", inherit, LUA_EFFECT},
    {"unload", unload, LUA_EFFECT},
    {"always_unload", unload, LUA_EFFECT},
    {"depends_on", depends_on, LUA_EFFECT},
    {"depends_on_any", depends_on_any, LUA_EFFECT},
    {"conflict", conflict, LUA_EFFECT},
    {"prereq", prereq, LUA_EFFECT},
    {"prereq_any", prereq_any, LUA_EFFECT},
    {"family", family, LUA_EFFECT},
    {"add_property", add_property, LUA_EFFECT},
    {"remove_property", remove_property, LUA_EFFECT},
    {"extensions", nothing, LUA_EFFECT},
    {"isloaded", is_loaded, 0},
    {"isPending", is_pending, 0},
    {"isAvail", is_avail, 0},
    {"atleast", at_least, 0},
    {"between", between, 0},
    {"latest", latest, 0},
    {"loaded_modules", loaded_modules, 0},
    {0},
};
