// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "modulefile/gather.h"
#include "modulefile/hooks.h"
#include "modulefile/lua_call.h"
#include "modulefile/lua_sandbox.h"
#include "modulefile/luafile.h"

enum { MAX_FILE = 4 << 20 };

// What SitePackage.lua sees besides what modulefiles do. It is given the environment of that file, the globals of
// chunks, what modulefiles see, and what reads a file of the site's; it gives the caller of hooks.
static const char prelude[] =
    "local site, global, sandbox, read_file = ...\n"
    "local hooks, libraries = {}, {}\n"
    "local function refuse(name)\n"
    "  return function() error(name .. ' is not for hooks: they only look', 2) end\n"
    "end\n"
    "local function copy(from)\n"
    "  local to = {}\n"
    "  for key, value in pairs(from) do to[key] = value end\n"
    "  return to\n"
    "end\n"
    "site._G = site\n"
    "site.io, site.os = copy(io), copy(os)\n"
    "for _, name in ipairs{'popen', 'read', 'lines', 'input', 'output', 'tmpfile'} do\n"
    "  site.io[name] = refuse('io.' .. name)\n"
    "end\n"
    "site.io.stdin = {read = refuse('io.stdin:read'), lines = refuse('io.stdin:lines')}\n"
    "for _, name in ipairs{'execute', 'remove', 'rename', 'exit'} do\n"
    "  site.os[name] = refuse('os.' .. name)\n"
    "end\n"
    "for _, name in ipairs{'execute', 'capture', 'subprocess'} do site[name] = refuse(name) "
    "end\n"
    "libraries.strict, libraries.string_utils, libraries.utils = {}, string, {}\n"
    "libraries.Hook = {\n"
    "  register = function(name, hook, action)\n"
    "    if type(name) ~= 'string' or type(hook) ~= 'function' then\n"
    "      error('Hook.register takes a name and a function', 2)\n"
    "    end\n"
    "    local list = action and hooks[name] or {}\n"
    "    if action == 'prepend' then table.insert(list, 1, hook) else list[#list + 1] = hook "
    "end\n"
    "    hooks[name] = list\n"
    "  end,\n"
    "  apply = function(name, ...)\n"
    "    local result\n"
    "    for _, hook in ipairs(hooks[name] or {}) do result = hook(...) end\n"
    "    return result\n"
    "  end,\n"
    "}\n"
    "local mt = {}\n"
    "function mt:have(name) return isloaded(name) end\n"
    "function mt:list() return {} end\n"
    "local stack = {}\n"
    "function stack:mt() return mt end\n"
    "function stack:fullName() return myModuleFullName() end\n"
    "function stack:sn() return myModuleName() end\n"
    "function stack:version() return myModuleVersion() end\n"
    "function stack:fn() return myFileName() end\n"
    "libraries.FrameStk = {singleton = function() return stack end}\n"
    "libraries.MT = {singleton = function() return mt end}\n"
    "local function style()\n"
    "  local all = os.getenv('LMOD_AVAIL_STYLE') or 'system'\n"
    "  return all:match('<([^<>]*)>') or all:match('^[^:]*')\n"
    "end\n"
    "site.masterTbl = function() return {availStyle = style()} end\n"
    "site.optionTbl = site.masterTbl\n"
    "site.sandbox_registration = function(list)\n"
    "  if type(list) ~= 'table' then error('sandbox_registration takes a table', 2) end\n"
    "  for name, value in pairs(list) do\n"
    "    global[name], sandbox[name] = value, value\n"
    "  end\n"
    "end\n"
    "local common = require\n"
    "site.require = function(name)\n"
    "  if libraries[name] == nil then\n"
    "    local chunk = read_file(name)\n"
    "    if not chunk then return common(name) end\n"
    "    libraries[name] = true\n"
    "    local result = chunk(name)\n"
    "    if result ~= nil then libraries[name] = result end\n"
    "  end\n"
    "  return libraries[name]\n"
    "end\n"
    "global.require = function(name)\n"
    "  if libraries[name] ~= nil then return libraries[name] end\n"
    "  return common(name)\n"
    "end\n"
    "sandbox.require = global.require\n"
    "libraries.SitePackage = true\n"
    "local function titles(folders)\n"
    "  if style() == 'system' then return folders end\n"
    "  local title, lines = {}, {}\n"
    "  for path in folders:gmatch('[^\\n]+') do title[path] = path end\n"
    "  for _, hook in ipairs(hooks.avail or {}) do hook(title) end\n"
    "  for path in folders:gmatch('[^\\n]+') do\n"
    "    lines[#lines + 1] = tostring(title[path] or path):gsub('%s+', ' ')\n"
    "  end\n"
    "  return table.concat(lines, '\\n')\n"
    "end\n"
    "local asks = {avail = titles}\n"
    "local function ask(name, ...)\n"
    "  local result\n"
    "  for _, hook in ipairs(hooks[name] or {}) do result = hook(...) end\n"
    "  return result\n"
    "end\n"
    "function asks.SiteName() return ask('SiteName') end\n"
    "function asks.spider_decoration(full, category)\n"
    "  return ask('spider_decoration', {fullName = full, Category = category ~= '' and "
    "category or nil})\n"
    "end\n"
    "local function message(...)\n"
    "  local parts = {...}\n"
    "  for i, part in ipairs(parts) do parts[i] = tostring(part) end\n"
    "  io.stderr:write(table.concat(parts, ' '), '\\n')\n"
    "end\n"
    "local function tell(name, verb)\n"
    "  site.LmodMessage = message\n"
    "  ask(name, verb)\n"
    "  site.LmodMessage = nil\n"
    "end\n"
    "function asks.startup(verb) tell('startup', verb) end\n"
    "function asks.finalize(verb) tell('finalize', verb) end\n"
    "function asks.errWarnMsgHook(text, names)\n"
    "  return ask('errWarnMsgHook', 'lmoderror', 'e_Failed_Load', text,\n"
    "             {msg = 'e_Failed_Load', module_list = names})\n"
    "end\n"
    "function asks.restore(collection, path)\n"
    "  ask('restore', {collection = collection, name = collection, fn = path})\n"
    "end\n"
    "function asks.msgHook(kind, text)\n"
    "  if not hooks.msgHook then return nil end\n"
    "  local list, parts = {text}, {}\n"
    "  list = ask('msgHook', kind, list) or list\n"
    "  for i, part in ipairs(list) do parts[i] = tostring(part) end\n"
    "  return table.concat(parts)\n"
    "end\n"
    "function asks.listHook(names)\n"
    "  if not hooks.listHook then return nil end\n"
    "  local list, kept = {}, {}\n"
    "  for full in names:gmatch('[^\\n]+') do\n"
    "    list[#list + 1] = {fullName = full, sn = full:match('^(.*)/[^/]*$') or full}\n"
    "  end\n"
    "  list = ask('listHook', list) or list\n"
    "  for i, one in ipairs(list) do kept[i] = type(one) == 'table' and one.fullName or one "
    "end\n"
    "  return table.concat(kept, '\\n')\n"
    "end\n"
    "return function(event, full, name, version, file, user)\n"
    "  if asks[event] then return asks[event](full, name) end\n"
    "  local mname = {}\n"
    "  function mname:fullName() return full end\n"
    "  function mname:sn() return name end\n"
    "  function mname:version() return version end\n"
    "  function mname:fn() return file end\n"
    "  function mname:userName() return user end\n"
    "  local about = {fn = file, modFullName = full, fullName = full, sn = name,\n"
    "                 modName = name, mname = mname, isVisible = true}\n"
    "  for _, hook in ipairs(hooks[event] or {}) do hook(about) end\n"
    "  return about.isVisible\n"
    "end\n";

// The site's file of a name, "SitePackage". Yours; NULL: there is none.
static char *find_file(const struct engine *engine, const char *name)
{
    const char *folders = vars_get(&engine->vars, "LMOD_PACKAGE_PATH");
    CLEANUP_STRV struct strv list = {0};
    if (!folders || strchr(name, '/'))
        return NULL;
    strv_split(&list, folders, ':');
    for (size_t i = 0; i < list.count; i++) {
        CLEANUP_FREE char *path = mem_print("%s/%s.lua", list.item[i], name);
        struct str text = {0};
        struct err err = {0};
        int found = *list.item[i] && fs_read(AT_FDCWD, path, MAX_FILE, &text, &err) == 0;
        str_free(&text);
        if (found || (err.code && err.errnum != ENOENT && err.errnum != ENOTDIR))
            return TAKE(path);
    }
    return NULL;
}

// Loads a file as a chunk of the site's environment. Leaves it, or a text of what is wrong, on the stack.
static int load_chunk(lua_State *state, const char *path)
{
    int status = luaL_loadfilex(state, path, "t");
    if (status != LUA_OK)
        return status;
    lua_getfield(state, LUA_REGISTRYINDEX, "lopin.site");
    if (!lua_setupvalue(state, -2, 1))
        lua_pop(state, 1);
    return LUA_OK;
}

static int read_file(lua_State *state)
{
    const char *name = luaL_checkstring(state, 1);
    char *path = find_file(lua_engine(state), name);
    if (!path)
        return 0;
    int status = load_chunk(state, path);
    free(path);
    return status == LUA_OK ? 1 : lua_error(state);
}

// A table of its own that looks up in the common one.
static void push_site(lua_State *state)
{
    lua_newtable(state);
    lua_newtable(state);
    lua_pushglobaltable(state);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, -2);
}

// Runs prelude and SitePackage.lua; a text of what is wrong is on the stack where it fails.
static int run_site(lua_State *state, const char *path)
{
    push_site(state);
    lua_setfield(state, LUA_REGISTRYINDEX, "lopin.site");
    int status = luaL_loadbufferx(state, prelude, strlen(prelude), "=lopin", "t");
    if (status != LUA_OK)
        return status;
    lua_getfield(state, LUA_REGISTRYINDEX, "lopin.site");
    lua_pushglobaltable(state);
    lua_getfield(state, LUA_REGISTRYINDEX, LUA_SANDBOX);
    lua_pushcfunction(state, read_file);
    status = lua_pcall(state, 4, 1, 0);
    if (status != LUA_OK)
        return status;
    lua_setfield(state, LUA_REGISTRYINDEX, "lopin.hook");
    status = load_chunk(state, path);
    return status == LUA_OK ? lua_pcall(state, 0, 0, 0) : status;
}

// In a mode in which nothing that a modulefile would do is done.
int hooks_open(struct engine *engine, struct err *err)
{
    CLEANUP_FREE char *path = find_file(engine, "SitePackage");
    enum engine_mode before = engine->mode;
    if (!path)
        return 0;
    lua_State *state = luafile_thread(engine);
    engine->mode = ENGINE_ABOUT;
    int status = run_site(state, path);
    engine->mode = before;
    if (status != LUA_OK) {
        const char *text = lua_touserdata(state, -1) == &engine->err ? engine->err.text
                                                                     : lua_tostring(state, -1);
        CLEANUP_FREE char *said = mem_dup(text ? text : "?");
        err_set(err, ERR_MODULE, _("the site's '%s': %s"), path, said);
        err_hint(err, "try", _("without --hooks"));
    }
    luafile_drop(engine);
    engine->hooks = status == LUA_OK;
    return status == LUA_OK ? 0 : -1;
}

// Of a hook that failed the rest is not done; each text is said once.
static void warn(struct engine *engine, const char *text)
{
    CLEANUP_FREE char *line = mem_print(_("warning: the site's hook: %s, ignoring\n"), text);
    if (!strstr(str_text(&engine->talk), line))
        str_add(&engine->talk, line);
}

static void push_text(lua_State *state, const char *text)
{
    lua_pushstring(state, text ? text : "");
}

// Returns what the hooks leave of isVisible, or -1 with engine->err.
static int call(struct engine *engine, const char *event, const struct engine_frame *about)
{
    const char *const words[] = {event,          about->full, about->name,
                                 about->version, about->file, about->user};
    lua_State *state = luafile_thread(engine);
    lua_getfield(state, LUA_REGISTRYINDEX, "lopin.hook");
    for (size_t i = 0; i < COUNT(words); i++)
        push_text(state, words[i]);
    int ret = 1;
    if (lua_pcall(state, COUNT(words), 1, 0) == LUA_OK)
        ret = lua_toboolean(state, -1);
    else if (lua_touserdata(state, -1) == &engine->err)
        ret = -1;
    else
        warn(engine, lua_tostring(state, -1) ? lua_tostring(state, -1) : "?");
    luafile_drop(engine);
    return ret;
}

static void joined(const struct strv *list, struct str *into)
{
    for (size_t i = 0; i < list->count; i++)
        str_print(into, "%s%s", i ? "\n" : "", list->item[i]);
}

int hooks_ask(struct engine *engine, const char *event, const char *first, const char *second,
              struct str *ret)
{
    if (!engine->hooks)
        return 0;
    lua_State *state = luafile_thread(engine);
    enum engine_mode before = engine->mode;
    engine->mode = ENGINE_ABOUT;
    lua_getfield(state, LUA_REGISTRYINDEX, "lopin.hook");
    push_text(state, event);
    push_text(state, first);
    push_text(state, second);
    int status = lua_pcall(state, 3, 1, 0);
    const char *said =
        lua_touserdata(state, -1) == &engine->err ? engine->err.text : lua_tostring(state, -1);
    if (status != LUA_OK)
        warn(engine, said ? said : "?");
    else if (said)
        str_add(ret, said);
    int has = status == LUA_OK && said != NULL;
    engine->mode = before;
    luafile_drop(engine);
    return has;
}

void hooks_tell(struct engine *engine, const char *event, const char *verb)
{
    CLEANUP_STR struct str ignored = {0};
    hooks_ask(engine, event, verb, "", &ignored);
}

void hooks_error(struct engine *engine, struct err *err)
{
    CLEANUP_STR struct str names = {0}, said = {0};
    const struct strv *missing = &engine->missing;
    for (size_t i = 0; i < missing->count; i++)
        str_print(&names, "%s\"%s\"", i ? " " : "", missing->item[i]);
    if (!missing->count || !err || err->code != ERR_NO_MODULE ||
        !hooks_ask(engine, "errWarnMsgHook", err->text, str_text(&names), &said))
        return;
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, str_text(&said), '\n');
    if (!lines.count || !*lines.item[0])
        return;
    snprintf(err->text, sizeof err->text, "%s", lines.item[0]);
    for (size_t i = 1; i < lines.count; i++)
        if (*lines.item[i])
            err_hint(err, "more", "%s", lines.item[i]);
}

void hooks_titles(struct engine *engine, const struct strv *folders, struct strv *titles)
{
    CLEANUP_STR struct str text = {0}, said = {0};
    CLEANUP_STRV struct strv lines = {0};
    strv_add_all(titles, folders);
    joined(folders, &text);
    if (!folders->count || !hooks_ask(engine, "avail", str_text(&text), "", &said))
        return;
    strv_split(&lines, str_text(&said), '\n');
    if (lines.count == folders->count) {
        strv_free(titles);
        strv_add_all(titles, &lines);
    }
}

void hooks_marks(struct engine *engine, const struct engine_frame *frame, struct strv *ret)
{
    struct gathered gathered = {0};
    struct gathered *before = engine->gathered;
    struct engine_frame *above = engine->frame, about = *frame;
    enum engine_mode mode = engine->mode;
    if (!engine->hooks)
        return;
    engine->gathered = &gathered;
    engine->frame = &about;
    engine->mode = ENGINE_SPIDER;
    if (call(engine, "load_spider", frame) < 0)
        warn(engine, engine->err.text);
    engine->gathered = before;
    engine->frame = above;
    engine->mode = mode;
    strv_add_all(ret, &gathered.marks);
    gathered_free(&gathered);
}

int hooks_call(struct engine *engine, const char *event, const struct engine_frame *frame)
{
    return !engine->hooks || call(engine, event, frame) >= 0 ? 0 : -1;
}

int hooks_hide(void *data, const char *full, const char *name, const char *file)
{
    struct engine *engine = data;
    if (!engine->hooks)
        return 0;
    struct engine_frame about = {.below = engine->frame,
                                 .name = name ? name : full,
                                 .full = full,
                                 .version = fs_base(full),
                                 .user = full,
                                 .file = file};
    enum engine_mode before = engine->mode;
    struct engine_frame *frame = engine->frame;
    engine->mode = ENGINE_ABOUT;
    engine->frame = &about;
    int shown = call(engine, "isVisibleHook", &about);
    engine->frame = frame;
    engine->mode = before;
    if (shown < 0)
        warn(engine, engine->err.text);
    return shown == 0;
}
