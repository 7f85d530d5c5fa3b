// SPDX-License-Identifier: Apache-2.0
#include "modulefile/luafile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "modulefile/gather.h"
#include "modulefile/lua_call.h"
#include "modulefile/lua_memory.h"
#include "modulefile/lua_sandbox.h"

enum {
    MAX_FILE = 4 << 20,
    STEP = 1000,        // instructions between two looks
    MAX_STEPS = 100000, // of a file and those that it loads: about a second
    MAX_SECONDS = 3,    // of a processor, as well
};
static const size_t max_memory = 256 << 20;
// Nothing is collected before so much is in use: most files end long before that.
static const size_t few_memory = 512 << 10;

struct luafile {
    lua_State *state;
    struct engine *engine;
    struct lua_memory memory;
    unsigned steps;
    int64_t begun_ns; // of this thread's processor time, at the first look; 0: there was none
    int is_stopped;   // by an error that no pcall may catch
    struct rc *rc;    // of the file that luafile_run_rc evaluates
    const char *rc_name;
};

static struct luafile *luafile_of(lua_State *state)
{
    return lua_engine(state)->lua;
}

static void count_steps(lua_State *state, lua_Debug *debug);

void luafile_stop(lua_State *state, const char *why)
{
    luafile_of(state)->is_stopped = 1;
    lua_sethook(state, count_steps, LUA_MASKCOUNT, 1); // whoever caught it is stopped too
    luaL_error(state, "%s", why);
}

static int64_t used_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void count_steps(lua_State *state, lua_Debug *debug)
{
    (void)debug;
    struct luafile *lua = luafile_of(state);
    if (++lua->steps > MAX_STEPS || lua->is_stopped)
        luafile_stop(state, "it does not come to an end (100 million steps)");
    if (lua->memory.used > few_memory)
        lua_gc(state, LUA_GCRESTART);
    int64_t now_ns = used_ns();
    if (!lua->begun_ns)
        lua->begun_ns = now_ns;
    if (now_ns - lua->begun_ns > (int64_t)MAX_SECONDS * 1000000000)
        luafile_stop(state, "it does not come to an end (3 s)");
}

// As Lua's, but for the errors that end the command.
static int protected_call(lua_State *state)
{
    luaL_checkany(state, 1);
    int status = lua_pcall(state, lua_gettop(state) - 1, LUA_MULTRET, 0);
    if (status != LUA_OK &&
        (luafile_of(state)->is_stopped || lua_touserdata(state, -1) == &lua_engine(state)->err))
        return lua_error(state);
    lua_pushboolean(state, status == LUA_OK);
    lua_insert(state, 1);
    return lua_gettop(state);
}

// What ends the command is no matter of a file's own handler.
static int handle(lua_State *state)
{
    if (luafile_of(state)->is_stopped || lua_touserdata(state, 1) == &lua_engine(state)->err)
        return 1;
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, 1, 1);
    return 1;
}

static int protected_with_handler(lua_State *state)
{
    luaL_checktype(state, 2, LUA_TFUNCTION);
    lua_pushvalue(state, 1);
    lua_pushvalue(state, 2);
    lua_pushcclosure(state, handle, 1);
    lua_replace(state, 1);
    lua_replace(state, 2);
    int status = lua_pcall(state, lua_gettop(state) - 2, LUA_MULTRET, 1);
    if (status != LUA_OK &&
        (luafile_of(state)->is_stopped || lua_touserdata(state, -1) == &lua_engine(state)->err))
        return lua_error(state);
    lua_pushboolean(state, status == LUA_OK);
    lua_replace(state, 1);
    return lua_gettop(state);
}

// The globals of the function at the top of the stack.
static void set_globals(lua_State *state, const char *which)
{
    lua_getfield(state, LUA_REGISTRYINDEX, which);
    if (!lua_setupvalue(state, -2, 1))
        lua_pop(state, 1);
}

static int load_file(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    if (luaL_loadfilex(state, path, "t") != LUA_OK) {
        lua_pushnil(state);
        lua_insert(state, -2);
        return 2;
    }
    set_globals(state, LUA_CHUNKS);
    return 1;
}

static int require(lua_State *state)
{
    const char *name = luaL_checkstring(state, 1);
    lua_getfield(state, LUA_REGISTRYINDEX, LUA_LIBRARIES);
    if (lua_getfield(state, -1, name) == LUA_TNIL)
        return luaL_error(state, "module '%s' not found", name);
    return 1;
}

struct rc *luafile_rc(lua_State *state, const char **ret_name)
{
    const struct luafile *lua = luafile_of(state);
    *ret_name = lua->rc_name;
    return lua->rc;
}

struct luafile *luafile_new(struct engine *engine)
{
    struct luafile *lua = mem_zero(1, sizeof *lua);
    lua->engine = engine;
    engine->lua = lua;
    lua->memory.most = max_memory;
    lua->state = lua_newstate(lua_memory_change, &lua->memory);
    lua_gc(lua->state, LUA_GCSTOP);
    *(struct engine **)lua_getextraspace(lua->state) = engine;
    static const luaL_Reg own[] = {{"pcall", protected_call},
                                   {"xpcall", protected_with_handler},
                                   {"loadfile", load_file},
                                   {"require", require},
                                   {NULL, NULL}};
    lua_sandbox_put(lua->state, own);
    return lua;
}

void luafile_forgive(struct luafile *lua)
{
    if (!lua)
        return;
    lua->steps = 0;
    lua->is_stopped = 0;
    lua->begun_ns = 0;
}

void luafile_free(struct luafile *lua)
{
    if (!lua)
        return;
    lua_close(lua->state);
    lua_memory_free(&lua->memory);
    free(lua);
}

// Where the text begins with "path:line:", that is already the place.
static void set_error(lua_State *state, const char *path, struct err *err)
{
    const char *text = lua_tostring(state, -1);
    if (!text)
        text = _("an error that is no text");
    if (str_starts(text, path))
        err_set(err, ERR_MODULE, "%s", text);
    else
        err_set(err, ERR_MODULE, "%s: %s", path, text);
}

// In a state of its own, so that files within files do not fill one stack.
static int run_text(struct luafile *lua, const struct str *text, const char *path,
                    const luaL_Reg *more, struct err *err)
{
    int status = 0;
    lua_gc(lua->state, LUA_GCSTOP);
    if (lua->memory.used > few_memory)
        lua_gc(lua->state, LUA_GCCOLLECT);
    lua_State *state = lua_newthread(lua->state);
    CLEANUP_FREE char *chunk = mem_print("@%s", path);
    if (!lua->engine->frame || !lua->engine->frame->below)
        luafile_forgive(lua);
    lua_sethook(state, count_steps, LUA_MASKCOUNT, lua->is_stopped ? 1 : STEP);
    lua_getfield(state, LUA_REGISTRYINDEX, LUA_FILE); // of who loads it
    lua_getfield(state, LUA_REGISTRYINDEX, LUA_CHUNKS);
    lua_sandbox_enter(state);
    lua_getfield(state, LUA_REGISTRYINDEX, LUA_FILE);
    if (more)
        luaL_setfuncs(state, more, 0);
    lua_pop(state, 1);
    const struct gathered *gathered = lua->engine->gathered;
    size_t begin = gathered && !gathered->wants_help ? lua_gather_begin(str_text(text)) : 0;
    if (luaL_loadbufferx(state, str_text(text) + begin, text->size - begin, chunk, "t") ==
        LUA_OK) {
        set_globals(state, LUA_FILE);
        status = lua_pcall(state, 0, 0, 0);
    } else {
        status = LUA_ERRSYNTAX;
    }
    if (status != LUA_OK && lua_touserdata(state, -1) != &lua->engine->err)
        set_error(state, path, err);
    else if (status != LUA_OK && err != &lua->engine->err)
        *err = lua->engine->err;
    if (!lua->engine->frame || !lua->engine->frame->below)
        lua_posix_return(state);
    lua_settop(state, 2);
    lua_setfield(state, LUA_REGISTRYINDEX, LUA_CHUNKS);
    lua_setfield(state, LUA_REGISTRYINDEX, LUA_FILE);
    lua_pop(lua->state, 1);
    return status == LUA_OK ? 0 : -1;
}

int luafile_run(struct luafile *lua, const char *path)
{
    CLEANUP_STR struct str text = {0};
    struct err *err = &lua->engine->err;
    const struct str *known = lua->engine->frame ? lua->engine->frame->text : NULL;
    if (!known && fs_read(AT_FDCWD, path, MAX_FILE, &text, err) < 0)
        return -1;
    return run_text(lua, known ? known : &text, path, NULL, err);
}

int luafile_run_rc(struct luafile *lua, const char *path, const char *name, struct rc *rc,
                   struct err *err)
{
    CLEANUP_STR struct str text = {0};
    struct rc *before = lua->rc;
    const char *before_name = lua->rc_name;
    if (fs_read(AT_FDCWD, path, MAX_FILE, &text, err) < 0)
        return -1;
    lua->rc = rc;
    lua->rc_name = name;
    int status = run_text(lua, &text, path, lua_rc_functions, err);
    lua->rc = before;
    lua->rc_name = before_name;
    return status;
}

struct lua_State *luafile_thread(struct engine *engine)
{
    struct luafile *lua = engine->lua ? engine->lua : luafile_new(engine);
    lua_State *state = lua_newthread(lua->state);
    lua_sethook(state, count_steps, LUA_MASKCOUNT, lua->is_stopped ? 1 : STEP);
    return state;
}

void luafile_drop(struct engine *engine)
{
    lua_pop(engine->lua->state, 1);
}
