// SPDX-License-Identifier: Apache-2.0
// lua_posix: what a modulefile has of lfs (LuaFileSystem 1.8) and of posix (luaposix, as its names
// were before version 34, which sites' files use).
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <syslog.h>
#include <unistd.h>

#include "base/mem.h"
#include "modulefile/lua_call.h"

#define FOLDER "lopin.folder" // in the registry: a descriptor of ours before lfs.chdir

// nil, what happened, and its number.
static int failed(lua_State *state, const char *path)
{
    int number = errno;
    lua_pushnil(state);
    if (path)
        lua_pushfstring(state, "%s: %s", path, strerror(number));
    else
        lua_pushstring(state, strerror(number));
    lua_pushinteger(state, number);
    return 3;
}

static int done(lua_State *state, int status, const char *path, int is_posix)
{
    if (status < 0)
        return failed(state, path);
    if (is_posix)
        lua_pushinteger(state, 0);
    else
        lua_pushboolean(state, 1);
    return 1;
}

static void put_number(lua_State *state, const char *name, long long value)
{
    lua_pushinteger(state, (lua_Integer)value);
    lua_setfield(state, -2, name);
}

static void put_text(lua_State *state, const char *name, const char *value)
{
    lua_pushstring(state, value);
    lua_setfield(state, -2, name);
}

// "rw-r--r--"
static void put_permissions(lua_State *state, const char *name, mode_t mode)
{
    char text[10];
    for (int i = 0; i < 9; i++)
        text[i] = mode & (mode_t)(1 << (8 - i)) ? "rwx"[i % 3] : '-';
    text[9] = '\0';
    put_text(state, name, text);
}

static const char *type_of(mode_t mode, int is_posix)
{
    return S_ISDIR(mode)    ? "directory"
           : S_ISREG(mode)  ? is_posix ? "regular" : "file"
           : S_ISLNK(mode)  ? "link"
           : S_ISCHR(mode)  ? is_posix ? "character device" : "char device"
           : S_ISBLK(mode)  ? "block device"
           : S_ISFIFO(mode) ? is_posix ? "fifo" : "named pipe"
           : S_ISSOCK(mode) ? "socket"
                            : "other";
}

static void push_status(lua_State *state, const struct stat *found, int is_posix)
{
    lua_newtable(state);
    put_number(state, "size", found->st_size);
    put_number(state, "uid", found->st_uid);
    put_number(state, "gid", found->st_gid);
    put_number(state, "ino", (long long)found->st_ino);
    put_number(state, "dev", (long long)found->st_dev);
    put_number(state, "nlink", (long long)found->st_nlink);
    put_number(state, is_posix ? "mtime" : "modification", found->st_mtime);
    put_number(state, is_posix ? "atime" : "access", found->st_atime);
    put_number(state, is_posix ? "ctime" : "change", found->st_ctime);
    put_text(state, is_posix ? "type" : "mode", type_of(found->st_mode, is_posix));
    put_permissions(state, is_posix ? "mode" : "permissions", found->st_mode);
    if (is_posix)
        return;
    put_number(state, "rdev", (long long)found->st_rdev);
    put_number(state, "blocks", found->st_blocks);
    put_number(state, "blksize", found->st_blksize);
}

// The table at the top, or the one member of it that the second argument names.
static int pick(lua_State *state)
{
    if (lua_type(state, 2) != LUA_TSTRING)
        return 1;
    if (lua_getfield(state, -1, lua_tostring(state, 2)) == LUA_TNIL)
        return luaL_error(state, "invalid attribute name '%s'", lua_tostring(state, 2));
    return 1;
}

static int attributes(lua_State *state)
{
    struct stat found;
    const char *path = luaL_checkstring(state, 1);
    if (stat(path, &found) < 0) {
        int results = failed(state, NULL);
        lua_pushfstring(state, "cannot obtain information from file '%s': %s", path,
                        lua_tostring(state, -2));
        lua_replace(state, -3);
        return results;
    }
    push_status(state, &found, 0);
    return pick(state);
}

static int link_attributes(lua_State *state)
{
    struct stat found;
    char target[4096];
    const char *path = luaL_checkstring(state, 1);
    if (lstat(path, &found) < 0)
        return failed(state, path);
    push_status(state, &found, 0);
    ssize_t size = readlink(path, target, sizeof target);
    if (size > 0) {
        lua_pushlstring(state, target, (size_t)size);
        lua_setfield(state, -2, "target");
    }
    return pick(state);
}

static int posix_stat(lua_State *state)
{
    struct stat found;
    const char *path = luaL_checkstring(state, 1);
    if (lstat(path, &found) < 0)
        return failed(state, path);
    push_status(state, &found, 1);
    return pick(state);
}

// Pushes a table of the names in a folder. Returns 0, or -1 with errno.
static int push_names(lua_State *state, const char *path)
{
    DIR *stream = opendir(path);
    struct dirent *entry;
    lua_newtable(state);
    for (lua_Integer i = 1; stream && (entry = readdir(stream)); i++) {
        lua_pushstring(state, entry->d_name);
        lua_seti(state, -2, i);
    }
    return stream ? closedir(stream) : -1;
}

static int lfs_dir(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    if (push_names(state, path) < 0)
        return luaL_error(state, "cannot open %s: %s", path, strerror(errno));
    lua_call_each(state);
    return 1;
}

static int posix_dir(lua_State *state)
{
    const char *path = luaL_optstring(state, 1, ".");
    return push_names(state, path) < 0 ? luaL_argerror(state, 1, strerror(errno)) : 1;
}

static int current_dir(lua_State *state)
{
    char path[4096];
    if (!getcwd(path, sizeof path))
        return failed(state, NULL);
    lua_pushstring(state, path);
    return 1;
}

// Until the file's end: ours is where the user is.
static int change_dir(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    if (lua_getfield(state, LUA_REGISTRYINDEX, FOLDER) == LUA_TNIL) {
        lua_pushinteger(state, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
        lua_setfield(state, LUA_REGISTRYINDEX, FOLDER);
    }
    if (chdir(path) == 0)
        return done(state, 0, NULL, 0);
    const char *why = strerror(errno);
    lua_pushnil(state);
    lua_pushfstring(state, "Unable to change working directory to '%s'\n%s\n", path, why);
    return 2;
}

void lua_posix_return(lua_State *state)
{
    if (lua_getfield(state, LUA_REGISTRYINDEX, FOLDER) == LUA_TNUMBER) {
        int folder = (int)lua_tointeger(state, -1);
        if (folder >= 0 && fchdir(folder) == 0)
            close(folder);
        lua_pushnil(state);
        lua_setfield(state, LUA_REGISTRYINDEX, FOLDER);
    }
    lua_pop(state, 1);
}

static int make_dir(lua_State *state)
{
    return done(state, mkdir(luaL_checkstring(state, 1), 0777), NULL, 0);
}

static int remove_dir(lua_State *state)
{
    return done(state, rmdir(luaL_checkstring(state, 1)), NULL, 0);
}

static int touch(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    if (lua_isnumber(state, 2))
        times[0] = times[1] = (struct timespec){.tv_sec = (time_t)lua_tonumber(state, 2)};
    if (lua_isnumber(state, 3))
        times[1].tv_sec = (time_t)lua_tonumber(state, 3);
    return done(state, utimensat(AT_FDCWD, path, times, 0), NULL, 0);
}

static int set_lock(lua_State *state, short kind)
{
    luaL_Stream *stream = luaL_checkudata(state, 1, LUA_FILEHANDLE);
    luaL_argcheck(state, stream->closef && stream->f, 1, "the file is closed");
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET};
    return done(state, fcntl(fileno(stream->f), F_SETLK, &lock), NULL, 0);
}

static int lock(lua_State *state)
{
    const char *mode = luaL_checkstring(state, 2);
    return set_lock(state, *mode == 'w' ? F_WRLCK : *mode == 'r' ? F_RDLCK : F_UNLCK);
}

static int unlock(lua_State *state)
{
    return set_lock(state, F_UNLCK);
}

static int set_mode(lua_State *state) // files have no other mode here
{
    luaL_checkudata(state, 1, LUA_FILEHANDLE);
    lua_pushboolean(state, 1);
    lua_pushliteral(state, "binary");
    return 2;
}

// posix.uname("%n %s"): n node, s system, r release, v version, m machine.
static int posix_uname(lua_State *state)
{
    const char *format = luaL_optstring(state, 1, "%s %n %r %v %m");
    struct utsname name;
    luaL_Buffer text;
    uname(&name);
    luaL_buffinit(state, &text);
    for (; *format; format++) {
        const char *part = NULL;
        if (*format == '%') {
            format++;
            part = *format == 'n'   ? name.nodename
                   : *format == 's' ? name.sysname
                   : *format == 'r' ? name.release
                   : *format == 'v' ? name.version
                   : *format == 'm' ? name.machine
                                    : NULL;
            if (!*format)
                break;
        }
        if (part)
            luaL_addstring(&text, part);
        else
            luaL_addchar(&text, *format);
    }
    luaL_pushresult(&text);
    return 1;
}

static int posix_hostid(lua_State *state)
{
    lua_pushinteger(state, gethostid());
    return 1;
}

// To the log of the machine; that is no change of the shell.
static int posix_openlog(lua_State *state)
{
    lua_settop(state, 1);
    luaL_checkstring(state, 1);
    lua_setfield(state, LUA_REGISTRYINDEX, "lopin.log"); // openlog keeps the text's address
    lua_getfield(state, LUA_REGISTRYINDEX, "lopin.log");
    openlog(lua_tostring(state, -1), 0, LOG_USER);
    return 0;
}

static int posix_syslog(lua_State *state)
{
    syslog((int)(luaL_checkinteger(state, 1) & LOG_PRIMASK), "%s", luaL_checkstring(state, 2));
    return 0;
}

static int posix_closelog(lua_State *state)
{
    (void)state;
    closelog();
    return 0;
}

static int posix_open(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    int flags = (int)luaL_optinteger(state, 2, O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int file = open(path, flags, 0666);
    if (file < 0)
        return failed(state, path);
    lua_pushinteger(state, file);
    return 1;
}

static int posix_close(lua_State *state)
{
    lua_Integer file = luaL_checkinteger(state, 1);
    luaL_argcheck(state, file > 2, 1, "this one is not the file's to close");
    return done(state, close((int)file), NULL, 1);
}

static int posix_access(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1), *asked = luaL_optstring(state, 2, "f");
    int mode = F_OK;
    for (; *asked; asked++)
        mode |= *asked == 'r' ? R_OK : *asked == 'w' ? W_OK : *asked == 'x' ? X_OK : 0;
    return done(state, access(path, mode), path, 1);
}

static int posix_readlink(lua_State *state)
{
    char target[4096];
    const char *path = luaL_checkstring(state, 1);
    ssize_t size = readlink(path, target, sizeof target);
    if (size < 0)
        return failed(state, path);
    lua_pushlstring(state, target, (size_t)size);
    return 1;
}

static int posix_mkdir(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    return done(state, mkdir(path, 0777), path, 1);
}

static int posix_rmdir(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    return done(state, rmdir(path), path, 1);
}

static int posix_unlink(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1);
    return done(state, unlink(path), path, 1);
}

static int posix_basename(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1), *slash = strrchr(path, '/');
    lua_pushstring(state, slash ? slash + 1 : path);
    return 1;
}

static int posix_dirname(lua_State *state)
{
    const char *path = luaL_checkstring(state, 1), *slash = strrchr(path, '/');
    if (slash)
        lua_pushlstring(state, path, slash == path ? 1 : (size_t)(slash - path));
    else
        lua_pushliteral(state, ".");
    return 1;
}

static int posix_glob(lua_State *state)
{
    glob_t found;
    const char *pattern = luaL_optstring(state, 1, "*");
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    lua_newtable(state);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        lua_pushstring(state, found.gl_pathv[i]);
        lua_seti(state, -2, (lua_Integer)i + 1);
    }
    globfree(&found);
    return 1;
}

static int pick_number(lua_State *state, int place)
{
    if (lua_type(state, place) == LUA_TSTRING)
        lua_getfield(state, -1, lua_tostring(state, place));
    return 1;
}

static int posix_getpid(lua_State *state)
{
    lua_settop(state, 1);
    lua_newtable(state);
    put_number(state, "pid", getpid());
    put_number(state, "ppid", getppid());
    put_number(state, "pgrp", getpgrp());
    put_number(state, "uid", getuid());
    put_number(state, "euid", geteuid());
    put_number(state, "gid", getgid());
    put_number(state, "egid", getegid());
    return pick_number(state, 1);
}

// getpasswd(name or number, member): without a name, of who runs it.
static int posix_getpasswd(lua_State *state)
{
    int is_number = 0;
    lua_settop(state, 2);
    lua_Integer number = lua_tointegerx(state, 1, &is_number);
    const struct passwd *found = is_number             ? getpwuid((uid_t)number)
                                 : lua_isnil(state, 1) ? getpwuid(getuid())
                                                       : getpwnam(luaL_checkstring(state, 1));
    if (!found)
        return 0;
    lua_newtable(state);
    put_text(state, "name", found->pw_name);
    put_text(state, "passwd", found->pw_passwd);
    put_text(state, "dir", found->pw_dir);
    put_text(state, "shell", found->pw_shell);
    put_number(state, "uid", found->pw_uid);
    put_number(state, "gid", found->pw_gid);
    return pick_number(state, 2);
}

void lua_lfs_put(lua_State *state)
{
    static const luaL_Reg functions[] = {{"attributes", attributes},
                                         {"symlinkattributes", link_attributes},
                                         {"dir", lfs_dir},
                                         {"currentdir", current_dir},
                                         {"chdir", change_dir},
                                         {"mkdir", make_dir},
                                         {"rmdir", remove_dir},
                                         {"touch", touch},
                                         {"lock", lock},
                                         {"unlock", unlock},
                                         {"setmode", set_mode},
                                         {NULL, NULL}};
    luaL_setfuncs(state, functions, 0);
}

void lua_posix_put(lua_State *state)
{
    static const luaL_Reg functions[] = {
        {"stat", posix_stat},       {"uname", posix_uname},
        {"hostid", posix_hostid},   {"openlog", posix_openlog},
        {"syslog", posix_syslog},   {"closelog", posix_closelog},
        {"open", posix_open},       {"close", posix_close},
        {"access", posix_access},   {"readlink", posix_readlink},
        {"mkdir", posix_mkdir},     {"rmdir", posix_rmdir},
        {"unlink", posix_unlink},   {"basename", posix_basename},
        {"dirname", posix_dirname}, {"glob", posix_glob},
        {"getpid", posix_getpid},   {"getpasswd", posix_getpasswd},
        {"dir", posix_dir},         {"getcwd", current_dir},
        {"chdir", change_dir},      {NULL, NULL}};
    luaL_setfuncs(state, functions, 0);
    lua_call_put(state, lua_posix_functions);
}
