// SPDX-License-Identifier: Apache-2.0
// lua_system: what a modulefile has of os and io. Programs that it starts have the
// environment as it is then, no terminal and half a minute; what they write becomes no code of the shell.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capture.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "modulefile/lua_call.h"

enum { PROGRAM_SECONDS = 30, MOST_SECONDS = 86400, MOST_OUTPUT = 4 << 20 };
#define STREAM "lopin.stream"

// What posix.setenv set is for this file and the programs that it starts, as long as nothing else
// changes the variable; no shell sees it.
static const char *value_aside(const struct engine *engine, const char *name)
{
    const char *value = vars_get(&engine->aside, name);
    const char *then = vars_get(&engine->aside_then, name);
    const char *now = vars_get(&engine->vars, name);
    int same = then ? now && strcmp(then, now) == 0 : !now;
    return value && same ? value : NULL;
}

const char *lua_system_get(const struct engine *engine, const char *name)
{
    const char *aside = value_aside(engine, name);
    return aside ? aside : vars_get(&engine->vars, name);
}

static int get_env(lua_State *state, struct engine *engine)
{
    const char *value = lua_system_get(engine, lua_call_text(state, 1));
    if (value)
        lua_pushstring(state, value);
    else if (lua_gettop(state) > 1)
        lua_pushvalue(state, 2); // what to say otherwise
    else
        lua_pushnil(state);
    return 1;
}

// Without a name: all of them.
static int posix_getenv(lua_State *state, struct engine *engine)
{
    if (!lua_isnoneornil(state, 1))
        return get_env(state, engine);
    lua_newtable(state);
    for (size_t i = 0; i < engine->vars.list.count; i++) {
        const char *entry = engine->vars.list.item[i], *equals = strchr(entry, '=');
        if (!equals)
            continue;
        lua_pushlstring(state, entry, (size_t)(equals - entry));
        lua_pushstring(state, equals + 1);
        lua_settable(state, -3);
    }
    return 1;
}

static int posix_setenv(lua_State *state, struct engine *engine)
{
    const char *name = lua_call_text(state, 1);
    const char *value = lua_isnoneornil(state, 2) ? NULL : lua_call_text(state, 2);
    luaL_argcheck(state, *name && !strchr(name, '='), 1, "this is no name of a variable");
    const char *now = vars_get(&engine->vars, name);
    vars_unset(&engine->aside, name);
    vars_unset(&engine->aside_then, name);
    if (value)
        vars_set(&engine->aside, name, value);
    if (value && now)
        vars_set(&engine->aside_then, name, now);
    lua_pushinteger(state, 0);
    return 1;
}

static void add_environment(const struct engine *engine, struct vars *into)
{
    vars_copy(into, engine->vars.list.item);
    for (size_t i = 0; i < engine->aside.list.count; i++) {
        const char *entry = engine->aside.list.item[i];
        CLEANUP_FREE char *name = mem_dupn(entry, strcspn(entry, "="));
        const char *value = value_aside(engine, name);
        if (value)
            vars_set(into, name, value);
    }
}

// How long a program may take, in seconds.
static unsigned long seconds_of(const struct engine *engine)
{
    unsigned long seconds = PROGRAM_SECONDS;
    const char *text = vars_get(&engine->vars, "LOPIN_MODULE_SECONDS");
    return text && str_number(text, MOST_SECONDS, &seconds) == 0 && seconds ? seconds
                                                                            : PROGRAM_SECONDS;
}

int lua_system_run(struct engine *engine, char *const *argv, struct str *out, struct str *error,
                   int *ret_status)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_FREE char *found = NULL;
    unsigned long seconds = seconds_of(engine);
    int status = 0;
    add_environment(engine, &vars);
    found = fs_program(vars_get(&vars, "PATH"), argv[0]);
    const struct capture capture = {.path = found ? found : "/bin/sh",
                                    .argv = argv,
                                    .envp = vars.list.item,
                                    .time_us = (int64_t)seconds * 1000000,
                                    .most = MOST_OUTPUT};
    int ended = capture_run(&capture, out, error, &status);
    const char *line = argv[0];
    while (*++argv)
        line = *argv;
    const char *file = engine->frame ? engine->frame->file : "modulerc";
    if (ended < 0)
        return err_errno(&engine->err, ERR_MODULE, errno, _("%s: '%s' cannot be started"), file,
                         line);
    if (!ended) {
        err_set(&engine->err, ERR_MODULE, _("%s: '%s' did not end within %lu s"), file, line,
                seconds);
        return err_hint(&engine->err, "try", "%s",
                        _("LOPIN_MODULE_SECONDS says how long it may take"));
    }
    *ret_status = proc_exit_status(status);
    return 0;
}

// Runs a line of sh. Returns its exit status, or -1 with engine->err.
static int run_shell(struct engine *engine, const char *line, struct str *out)
{
    char shell[] = "/bin/sh", option[] = "-c";
    char *const argv[] = {shell, option, (char *)line, NULL};
    int status;
    return lua_system_run(engine, argv, out, &engine->talk, &status) < 0 ? -1 : status;
}

static int push_success(lua_State *state, int status)
{
    if (status)
        lua_pushnil(state);
    else
        lua_pushboolean(state, 1);
    return 1;
}

static int capture(lua_State *state, struct engine *engine)
{
    const char *line = lua_call_text(state, 1);
    struct str out = {0};
    int status = run_shell(engine, line, &out);
    if (status >= 0)
        lua_pushlstring(state, str_text(&out), out.size);
    str_free(&out);
    return status < 0 ? -1 : push_success(state, status) + 1;
}

static int os_execute(lua_State *state, struct engine *engine)
{
    const char *line = lua_call_text(state, 1);
    struct str out = {0};
    int status = run_shell(engine, line, &out);
    str_add_bytes(&engine->talk, str_text(&out), out.size);
    str_free(&out);
    if (status < 0)
        return -1;
    push_success(state, status);
    lua_pushliteral(state, "exit");
    lua_pushinteger(state, status);
    return 3;
}

static int os_exit(lua_State *state, struct engine *engine)
{
    (void)state;
    return err_set(&engine->err, ERR_MODULE, _("the modulefile '%s' calls os.exit"),
                   engine->frame->file);
}

static int write_talk(lua_State *state, struct engine *engine)
{
    int is_method = luaL_testudata(state, 1, STREAM) != NULL;
    int count = lua_gettop(state);
    for (int i = 1 + is_method; i <= count; i++) {
        str_add(&engine->talk, luaL_tolstring(state, i, NULL));
        lua_pop(state, 1);
    }
    if (is_method)
        lua_pushvalue(state, 1);
    return is_method;
}

static int flush(lua_State *state, struct engine *engine)
{
    (void)state;
    (void)engine;
    return 0;
}

// A terminal, a pipe or a device would make the shell wait.
static int open_file(lua_State *state)
{
    struct stat found;
    const char *path = luaL_checkstring(state, 1), *mode = luaL_optstring(state, 2, "r");
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode)) {
        lua_pushnil(state);
        lua_pushfstring(state, "%s: no regular file", path);
        return 2;
    }
    int before = lua_gettop(state);
    lua_getfield(state, LUA_REGISTRYINDEX, "lopin.open");
    lua_pushstring(state, path);
    lua_pushstring(state, mode);
    lua_call(state, 2, LUA_MULTRET);
    return lua_gettop(state) - before;
}

// For reading: the program runs to its end first.
static int io_popen(lua_State *state, struct engine *engine)
{
    const char *line = lua_call_text(state, 1);
    const char *mode = luaL_optstring(state, 2, "r");
    luaL_argcheck(state, strcmp(mode, "r") == 0, 2, "a program is only read from");
    lua_getfield(state, LUA_REGISTRYINDEX, "lopin.tmpfile");
    lua_call(state, 0, 1);
    luaL_Stream *stream = luaL_checkudata(state, -1, LUA_FILEHANDLE);
    struct str out = {0};
    int status = run_shell(engine, line, &out);
    if (status >= 0)
        fwrite(str_text(&out), 1, out.size, stream->f);
    rewind(stream->f);
    str_free(&out);
    return status < 0 ? -1 : 1;
}

const struct lua_function lua_posix_functions[] = {
    {"getenv", posix_getenv, 0}, {"setenv", posix_setenv, LUA_EFFECT}, {0}};
static const struct lua_function os_functions[] = {
    {"getenv", get_env, 0}, {"execute", os_execute, LUA_EFFECT}, {"exit", os_exit, 0}, {0}};
static const struct lua_function io_functions[] = {
    {"write", write_talk, 0}, {"popen", io_popen, LUA_EFFECT}, {0}};
static const struct lua_function stream_functions[] = {
    {"write", write_talk, 0}, {"flush", flush, 0}, {"close", flush, 0}, {0}};
const struct lua_function lua_system_functions[] = {
    {"capture", capture, 0}, {"subprocess", capture, 0}, {0}};

void lua_system_put(lua_State *state)
{
    static const char *const kept[] = {"clock", "difftime", "time", "date"};
    int place = lua_gettop(state);
    luaL_requiref(state, "lopin.os", luaopen_os, 0);
    for (size_t i = 0; i < COUNT(kept); i++) {
        lua_getfield(state, -1, kept[i]);
        lua_setfield(state, place, kept[i]);
    }
    lua_settop(state, place);
    lua_call_put(state, os_functions);
}

static void put_stream(lua_State *state, const char *name)
{
    lua_newuserdatauv(state, 1, 0);
    luaL_setmetatable(state, STREAM);
    lua_setfield(state, -2, name);
}

void lua_io_put(lua_State *state)
{
    int place = lua_gettop(state);
    luaL_requiref(state, "lopin.io", luaopen_io, 0);
    lua_getfield(state, -1, "open");
    lua_setfield(state, LUA_REGISTRYINDEX, "lopin.open");
    lua_getfield(state, -1, "tmpfile");
    lua_setfield(state, LUA_REGISTRYINDEX, "lopin.tmpfile");
    lua_getfield(state, -1, "close");
    lua_setfield(state, place, "close");
    lua_settop(state, place);
    luaL_newmetatable(state, STREAM);
    lua_pushboolean(state, 0);
    lua_setfield(state, -2, "__metatable");
    lua_newtable(state);
    lua_call_put(state, stream_functions);
    lua_setfield(state, -2, "__index");
    lua_settop(state, place);
    lua_call_put(state, io_functions);
    lua_pushcfunction(state, open_file);
    lua_setfield(state, place, "open");
    put_stream(state, "stderr");
    put_stream(state, "stdout");
}
