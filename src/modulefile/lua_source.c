// SPDX-License-Identifier: Apache-2.0
// lua_source: source_sh, which does what a script of a shell does, and execute.
//
// The script is run once, when the module is loaded, and what it changed is kept with the module as
// calls of Lmod's functions, in Lmod's words: so that it can be undone, there too. They are read
// back as names and literals, never as a program: they come from the environment.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "modulefile/lua_call.h"
#include "modulefile/lua_sandbox.h"
#include "modulefile/script.h"

// Does the call at the top of the stack, or its reverse when the module is unloaded.
static void do_call(lua_State *state)
{
    struct strv arguments = {0};
    const char *name = script_parse(lua_tostring(state, -1), &arguments);
    int count = (int)arguments.count;
    if (name) {
        lua_getfield(state, LUA_REGISTRYINDEX, LUA_SANDBOX);
        lua_getfield(state, -1, name);
        lua_replace(state, -2);
        for (int i = 0; i < count; i++)
            lua_pushstring(state, arguments.item[i]);
    }
    strv_free(&arguments);
    if (name)
        lua_call(state, count, 0);
}

static int source(lua_State *state, struct engine *engine)
{
    const char *shell = lua_call_string(state, 1), *script = lua_call_string(state, 2);
    struct strv calls = {0};
    lua_settop(state, 2);
    lua_newtable(state);
    int status = script_calls(engine, shell, script, &calls);
    for (size_t i = 0; status == 0 && i < calls.count; i++) {
        lua_pushstring(state, calls.item[i]);
        lua_seti(state, 3, (lua_Integer)i + 1);
    }
    strv_free(&calls);
    for (lua_Integer i = 1; status == 0 && lua_geti(state, 3, i) == LUA_TSTRING; i++) {
        do_call(state);
        lua_settop(state, 3);
    }
    lua_settop(state, 3);
    return status;
}

static const char *mode_word(const struct engine *engine)
{
    return engine->mode == ENGINE_LOAD ? "load" : engine->mode == ENGINE_UNLOAD ? "unload" : "";
}

// execute{cmd = "...", modeA = {"load"}}: a line that the shell itself runs, after all else.
static int execute(lua_State *state, struct engine *engine)
{
    lua_settop(state, 1);
    int good = lua_istable(state, 1) && lua_getfield(state, 1, "cmd") == LUA_TSTRING &&
               lua_getfield(state, 1, "modeA") == LUA_TTABLE;
    if (!good)
        return err_set(
            &engine->err, ERR_MODULE, "%s: %s", engine->frame->file,
            _("execute is written so: execute{cmd = \"LINE\", modeA = {\"load\", ...}}"));
    for (lua_Integer i = 1; lua_geti(state, 3, i) == LUA_TSTRING; i++, lua_settop(state, 3)) {
        const char *mode = lua_tostring(state, -1);
        if (strcmp(mode, mode_word(engine)) != 0 && strcasecmp(mode, "all") != 0)
            continue;
        char *name = mem_print("%zu", engine->words);
        engine_word(engine, ENGINE_CODE, name, lua_tostring(state, 2), NULL);
        free(name);
        break;
    }
    return 0;
}

const struct lua_function lua_source_functions[] = {
    {"source_sh", source, LUA_EFFECT | LUA_SHELL}, {"execute", execute, LUA_EFFECT}, {0}};
