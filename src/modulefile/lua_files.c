// SPDX-License-Identifier: Apache-2.0
// lua_files: names of files, and what is there.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/lua_call.h"

static int push_taken(lua_State *state, char *text)
{
    lua_pushstring(state, text);
    free(text);
    return 1;
}

static int path_join(lua_State *state, struct engine *engine)
{
    (void)engine;
    int count = lua_gettop(state);
    for (int i = 1; i <= count; i++)
        if (!lua_isnil(state, i))
            lua_call_text(state, i);
    struct str joined = {0};
    for (int i = 1; i <= count; i++) {
        const char *part = lua_tostring(state, i);
        if (!part || !*part)
            continue;
        if (joined.size && joined.text[joined.size - 1] != '/')
            str_add_char(&joined, '/');
        str_add(&joined, joined.size && *part == '/' ? part + 1 : part);
    }
    char *regular = paths_regular(str_text(&joined));
    str_free(&joined);
    return push_taken(state, regular);
}

static int is_dir(lua_State *state, struct engine *engine)
{
    (void)engine;
    struct stat found;
    const char *path = lua_isnoneornil(state, 1) ? "" : lua_call_text(state, 1);
    lua_pushboolean(state, stat(path, &found) == 0 && S_ISDIR(found.st_mode));
    return 1;
}

static int is_file(lua_State *state, struct engine *engine)
{
    (void)engine;
    struct stat found;
    const char *path = lua_isnoneornil(state, 1) ? "" : lua_call_text(state, 1);
    lua_pushboolean(state, stat(path, &found) == 0 && S_ISREG(found.st_mode));
    return 1;
}

static int dir_name(lua_State *state, struct engine *engine)
{
    (void)engine;
    const char *path = lua_call_text(state, 1), *slash = strrchr(path, '/');
    if (slash)
        lua_pushlstring(state, path, (size_t)(slash - path) + 1);
    else
        lua_pushliteral(state, "./");
    return 1;
}

static int bare_name(lua_State *state, struct engine *engine)
{
    (void)engine;
    lua_pushstring(state, fs_base(lua_call_text(state, 1)));
    return 1;
}

static int extension(lua_State *state, struct engine *engine)
{
    (void)engine;
    const char *base = fs_base(lua_call_text(state, 1)), *dot = strrchr(base, '.');
    lua_pushstring(state, dot ? dot : "");
    return 1;
}

static int remove_extension(lua_State *state, struct engine *engine)
{
    (void)engine;
    const char *path = lua_call_text(state, 1), *dot = strrchr(fs_base(path), '.');
    lua_pushlstring(state, path, dot ? (size_t)(dot - path) : strlen(path));
    return 1;
}

static int split_file_name(lua_State *state, struct engine *engine)
{
    dir_name(state, engine);
    bare_name(state, engine);
    return 2;
}

static int absolute(lua_State *state, struct engine *engine)
{
    (void)engine;
    char real[4096];
    if (!realpath(lua_call_text(state, 1), real))
        return 0;
    lua_pushstring(state, real);
    return 1;
}

static int regular(lua_State *state, struct engine *engine)
{
    (void)engine;
    const char *path = lua_call_text(state, 1);
    return push_taken(state, paths_regular(path));
}

static int make_dirs(lua_State *state, struct engine *engine)
{
    const char *path = lua_call_text(state, 1);
    if (engine->mode == ENGINE_UNLOAD)
        return 0;
    return fs_make_dirs(AT_FDCWD, path, 0777, &engine->err) < 0 ? -1 : 0;
}

// By the reentrant form: the spider's threads ask too.
static int in_group(const char *name)
{
    enum { MEMBERS = 1 << 16 };
    gid_t groups[1024];
    CLEANUP_FREE char *room = mem_alloc(MEMBERS);
    struct group found, *group = NULL;
    getgrnam_r(name, &found, room, MEMBERS, &group);
    int count = getgroups(COUNT(groups), groups);
    for (int i = 0; group && i < count; i++)
        if (groups[i] == group->gr_gid)
            return 1;
    return getuid() == 0 || // who may all is in all, also in Lmod
           (group && (getegid() == group->gr_gid || getgid() == group->gr_gid));
}

static int user_in_groups(lua_State *state, struct engine *engine)
{
    (void)engine;
    int count = lua_gettop(state), found = 0;
    for (int i = 1; i <= count; i++)
        found |= in_group(lua_call_text(state, i));
    lua_pushboolean(state, found);
    return 1;
}

// The last `parts` names of the first `size` bytes of a path; *ret_before is where they begin,
// without the slash.
static const char *last_parts(const char *path, size_t size, size_t parts, size_t *ret_before)
{
    size_t at = size;
    for (size_t i = 0; i < parts && at > 0; i++) {
        at -= i > 0; // the slash
        while (at > 0 && path[at - 1] != '/')
            at--;
    }
    *ret_before = at > 0 ? at - 1 : 0;
    return path + at;
}

// The folders that a module's own is below, by as many names as its own has: of
// ".../MPI/gcc/12/openmpi/4.1/hdf5/1.14.lua", hierarchyA("hdf5/1.14", 2) gives "openmpi/4.1", "gcc/12".
static int hierarchy(lua_State *state, struct engine *engine)
{
    const char *package = lua_call_string(state, 1);
    lua_Integer levels = luaL_checkinteger(state, 2);
    const char *file = engine->frame->file;
    size_t size = strlen(file), parts = 1, own = strlen(package);
    size -= str_ends(file, ".lua") ? 4 : 0;
    own -= str_ends(package, ".lua") ? 4 : 0;
    for (size_t i = 0; i < own; i++)
        parts += package[i] == '/';
    if (size > own && strncmp(file + size - own, package, own) == 0)
        size -= own;
    while (size > 0 && file[size - 1] == '/')
        size--;
    lua_newtable(state);
    for (lua_Integer i = 1; i <= levels; i++) {
        size_t before;
        const char *begin = last_parts(file, size, parts, &before);
        lua_pushlstring(state, begin, size - (size_t)(begin - file));
        lua_seti(state, -2, i);
        size = before;
    }
    return 1;
}

const struct lua_function lua_files_functions[] = {
    {"pathJoin", path_join, 0},
    {"isDir", is_dir, 0},
    {"isFile", is_file, 0},
    {"dirname", dir_name, 0},
    {"barefilename", bare_name, 0},
    {"extname", extension, 0},
    {"removeExt", remove_extension, 0},
    {"splitFileName", split_file_name, 0},
    {"abspath", absolute, 0},
    {"path_regularize", regular, 0},
    {"mkdir_recursive", make_dirs, LUA_EFFECT},
    {"userInGroup", user_in_groups, 0},
    {"userInGroups", user_in_groups, 0},
    {"hierarchyA", hierarchy, 0},
    {0},
};
