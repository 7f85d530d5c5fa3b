// SPDX-License-Identifier: Apache-2.0
// lua_text: what a modulefile says, and what it asks of itself and of the shell.
#include <string.h>
#include <time.h>

#include "base/kernel.h"
#include "base/lang.h"
#include "base/mem.h"
#include "module/order.h"
#include "modulefile/lua_call.h"

#define LIKE_LMOD "8.6.19" // whose functions are here, for modulefiles that ask LmodVersion()

static void add_arguments(lua_State *state, int from, struct str *into)
{
    int count = lua_gettop(state);
    for (int i = from; i <= count; i++) {
        str_add(into, luaL_tolstring(state, i, NULL));
        lua_pop(state, 1);
    }
}

// LmodError{msg = "..."} has its text under that key.
static void take_message(lua_State *state)
{
    if (lua_type(state, 1) == LUA_TTABLE)
        lua_getfield(state, 1, "msg");
    else
        lua_pushnil(state);
    if (lua_isnil(state, -1))
        lua_pop(state, 1);
    else
        lua_replace(state, 1);
}

static int message(lua_State *state, struct engine *engine)
{
    take_message(state);
    add_arguments(state, 1, &engine->talk);
    str_add_char(&engine->talk, '\n');
    return 0;
}

static int raw_message(lua_State *state, struct engine *engine)
{
    add_arguments(state, 1, &engine->talk);
    return 0;
}

static int warning(lua_State *state, struct engine *engine)
{
    take_message(state);
    engine->warned = 1;
    str_print(&engine->talk, _("warning of module '%s': "), engine->frame->full);
    return message(state, engine);
}

static int error(lua_State *state, struct engine *engine)
{
    take_message(state);
    if (engine->mode == ENGINE_UNLOAD)
        return warning(state, engine);
    struct str text = {0};
    add_arguments(state, 1, &text);
    err_set(&engine->err, ERR_MODULE, _("module '%s' says: %s"), engine->frame->full,
            str_text(&text));
    str_free(&text);
    return -1;
}

static int stop(lua_State *state, struct engine *engine)
{
    lua_call_string(state, 1);
    if (engine->mode != ENGINE_LOAD)
        return 0;
    message(state, engine);
    engine->frame->broken = 1;
    return 0;
}

static int print(lua_State *state, struct engine *engine)
{
    int count = lua_gettop(state);
    for (int i = 1; i <= count; i++) {
        str_add(&engine->talk, i > 1 ? "\t" : "");
        str_add(&engine->talk, luaL_tolstring(state, i, NULL));
        lua_pop(state, 1);
    }
    str_add_char(&engine->talk, '\n');
    return 0;
}

static int help(lua_State *state, struct engine *engine)
{
    if (engine->mode != ENGINE_HELP && engine->mode != ENGINE_SHOW)
        return 0;
    add_arguments(state, 1, &engine->shown);
    str_add_char(&engine->shown, '\n');
    return 0;
}

static int whatis(lua_State *state, struct engine *engine)
{
    const char *text = lua_call_text(state, 1);
    if (engine->mode == ENGINE_ABOUT)
        str_print(&engine->shown, "%-20s: %s\n", engine->frame->full, text);
    return 0;
}

static int mode(lua_State *state, struct engine *engine)
{
    static const char *const words[] = {
        [ENGINE_LOAD] = "load",    [ENGINE_UNLOAD] = "unload", [ENGINE_SHOW] = "show",
        [ENGINE_ABOUT] = "whatis", [ENGINE_HELP] = "help",     [ENGINE_REFRESH] = "load",
        [ENGINE_SPIDER] = "spider"};
    lua_pushstring(state, words[engine->mode]);
    return 1;
}

static int my_name(lua_State *state, struct engine *engine)
{
    lua_pushstring(state, engine->frame->name);
    return 1;
}

static int my_version(lua_State *state, struct engine *engine)
{
    lua_pushstring(state, engine->frame->version);
    return 1;
}

static int my_full_name(lua_State *state, struct engine *engine)
{
    lua_pushstring(state, engine->frame->full);
    return 1;
}

static int my_user_name(lua_State *state, struct engine *engine)
{
    lua_pushstring(state, engine->frame->user);
    return 1;
}

static int my_file(lua_State *state, struct engine *engine)
{
    lua_pushstring(state, engine->frame->file);
    return 1;
}

static int my_shell(lua_State *state, struct engine *engine)
{
    lua_pushstring(state, engine->shell);
    return 1;
}

static int my_shell_type(lua_State *state, struct engine *engine)
{
    int is_csh = str_ends(engine->shell, "csh");
    int is_sh = !is_csh && str_ends(engine->shell, "sh") && strcmp(engine->shell, "fish") != 0;
    lua_pushstring(state, is_csh ? "csh" : is_sh ? "sh" : engine->shell);
    return 1;
}

static int lmod_version(lua_State *state, struct engine *engine)
{
    (void)engine;
    lua_pushliteral(state, LIKE_LMOD);
    return 1;
}

static int canonical(lua_State *state, struct engine *engine)
{
    (void)engine;
    char *key = order_key(lua_call_text(state, 1));
    lua_pushstring(state, key);
    mem_free_at(&key);
    return 1;
}

static int is_spider(lua_State *state, struct engine *engine)
{
    lua_pushboolean(state, engine->mode == ENGINE_SPIDER);
    return 1;
}

// Without the colour, which only a terminal has.
static int colorize(lua_State *state, struct engine *engine)
{
    (void)engine;
    struct str text = {0};
    add_arguments(state, 2, &text);
    lua_pushstring(state, str_text(&text));
    str_free(&text);
    return 1;
}

static int trace_back(lua_State *state, struct engine *engine)
{
    struct str text = {0};
    for (const struct engine_frame *frame = engine->frame; frame; frame = frame->below)
        str_print(&text, "%-20s %s\n", frame->full, frame->file);
    lua_pushstring(state, str_text(&text));
    str_free(&text);
    return 1;
}

// A line across the terminal: one of 80 columns.
static int banner(lua_State *state, struct engine *engine)
{
    (void)state;
    for (int i = 0; i < 79 && !engine->quiet; i++)
        str_add_char(&engine->talk, '=');
    if (!engine->quiet)
        str_add_char(&engine->talk, '\n');
    return 0;
}

// A date and a random name.
static int uuid_string(lua_State *state, struct engine *engine)
{
    unsigned char byte[16] = {0};
    char date[64];
    struct tm parts;
    time_t when = (time_t)luaL_optinteger(state, 1, time(NULL));
    (void)engine;
    if (kernel_random(byte, sizeof byte) < 0 || !localtime_r(&when, &parts))
        return luaL_error(state, "no date, or nothing random");
    byte[6] = (unsigned char)((byte[6] & 0x0f) | 0x40); // RFC 9562, version 4
    byte[8] = (unsigned char)((byte[8] & 0x3f) | 0x80);
    strftime(date, sizeof date, "%Y_%m_%d_%H_%M_%S", &parts);
    struct str text = {0};
    str_print(&text, "%s-", date);
    for (size_t i = 0; i < sizeof byte; i++)
        str_print(&text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", byte[i]);
    lua_pushstring(state, str_text(&text));
    str_free(&text);
    return 1;
}

static int require_full_name(lua_State *state, struct engine *engine)
{
    (void)state;
    const struct engine_frame *frame = engine->frame;
    if (engine->mode == ENGINE_UNLOAD || strcmp(frame->user, frame->full) == 0)
        return 0;
    err_set(&engine->err, ERR_MODULE, _("module '%s' wants to be asked for with its version"),
            frame->name);
    return err_hint(&engine->err, "try", "module load %s", frame->full);
}

const struct lua_function lua_text_functions[] = {
    {"LmodMessage", message, LUA_EFFECT},
    {"LmodMsgRaw", raw_message, LUA_EFFECT},
    {"LmodWarning", warning, LUA_EFFECT},
    {"LmodError", error, LUA_EFFECT},
    {"LmodSystemError", error, 0},
    {"LmodBreak", stop, LUA_EFFECT},
    {"print", print, 0},
    {"help", help, LUA_TEXT},
    {"whatis", whatis, LUA_TEXT},
    {"mode", mode, 0},
    {"myModuleName", my_name, 0},
    {"myModuleVersion", my_version, 0},
    {"myModuleFullName", my_full_name, 0},
    {"myModuleUsrName", my_user_name, 0},
    {"myFileName", my_file, 0},
    {"myShellName", my_shell, 0},
    {"myShellType", my_shell_type, 0},
    {"LmodVersion", lmod_version, 0},
    {"convertToCanonical", canonical, 0},
    {"is_spider", is_spider, 0},
    {"colorize", colorize, 0},
    {"color_banner", banner, 0},
    {"UUIDString", uuid_string, 0},
    {"moduleStackTraceBack", trace_back, 0},
    {"requireFullName", require_full_name, LUA_EFFECT},
    {0},
};
