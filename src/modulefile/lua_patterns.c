// SPDX-License-Identifier: Apache-2.0
// lua_patterns: string.find, match, gmatch and gsub that come to an end.
//
// A pattern as ("a?"):rep(40) .. ("a"):rep(40) keeps Lua's matcher busy for years, in C, where no
// count of steps stops it. So one that could take long, by its worst case, is matched by a thread
// with a Lua state of its own, which is left to itself when it has had its time.
#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "modulefile/lua_call.h"
#include "modulefile/luafile.h"

enum { MAX_SECONDS = 2, LOOK_NS = 20000000 };
static const double most_steps = 1e8; // about a second
static const size_t max_memory = 256 << 20;

struct job {
    lua_State *state;
    pthread_mutex_t lock;
    pthread_cond_t over;
    int arguments, status;
    int ended, left; // left: nobody waits, who runs it frees it
    size_t memory;
};

static void *allocate(void *data, void *old, size_t old_size, size_t size)
{
    struct job *job = data;
    size_t before = old ? old_size : 0;
    if (size > before && job->memory + (size - before) > max_memory)
        return NULL;
    job->memory += size - before;
    if (size)
        return mem_resize(old, size, 1);
    free(old);
    return NULL;
}

// Behind a single character or class of a pattern.
static const char *skip_single(const char *at, const char *end)
{
    if (*at == '%')
        return end - at > 2 ? at + 2 : end;
    if (*at++ != '[')
        return at;
    at += at < end && *at == '^';
    for (int first = 1; at < end && (first || *at != ']'); first = 0)
        at += *at == '%' && end - at > 1 ? 2 : 1;
    return at < end ? at + 1 : end;
}

// How many steps a match may take: each repetition may begin and end anywhere.
static double worst(const char *pattern, size_t pattern_size, size_t size)
{
    const char *at = pattern, *end = pattern + pattern_size;
    double steps = (double)size + 1, length = steps;
    if (at < end && *at == '^') {
        at++;
        steps = 1;
    }
    while (at < end && steps < 1e300) {
        if (*at == '%' && end - at > 1 && at[1] == 'b')
            steps *= length;
        at = skip_single(at, end);
        if (at < end && strchr("*+-", *at))
            steps *= length;
        else if (at < end && *at == '?')
            steps *= 2;
    }
    return steps;
}

static int takes_long(lua_State *state)
{
    size_t size, pattern_size;
    const char *text = lua_tolstring(state, 1, &size);
    const char *pattern = lua_tolstring(state, 2, &pattern_size);
    return text && pattern && worst(pattern, pattern_size, size) > most_steps;
}

// Pushes a value of one state onto another's stack: a text, number, truth value, or list of them.
static void copy_value(lua_State *from, int place, lua_State *to)
{
    size_t size;
    const char *text;
    place = lua_absindex(from, place);
    luaL_checkstack(from, 4, NULL);
    lua_checkstack(to, 4);
    switch (lua_type(from, place)) {
    case LUA_TBOOLEAN: lua_pushboolean(to, lua_toboolean(from, place)); return;
    case LUA_TNUMBER:
        if (lua_isinteger(from, place))
            lua_pushinteger(to, lua_tointeger(from, place));
        else
            lua_pushnumber(to, lua_tonumber(from, place));
        return;
    case LUA_TSTRING:
        text = lua_tolstring(from, place, &size);
        lua_pushlstring(to, text, size);
        return;
    case LUA_TTABLE:
        lua_newtable(to);
        for (lua_Integer i = 1; lua_geti(from, place, i) != LUA_TNIL; i++) {
            copy_value(from, -1, to);
            lua_seti(to, -2, i);
            lua_pop(from, 1);
        }
        lua_pop(from, 1);
        return;
    default: lua_pushnil(to);
    }
}

static void job_free(struct job *job)
{
    lua_close(job->state);
    pthread_mutex_destroy(&job->lock);
    pthread_cond_destroy(&job->over);
    free(job);
}

static void *work(void *data)
{
    struct job *job = data;
    job->status = lua_pcall(job->state, job->arguments, LUA_MULTRET, 0);
    pthread_mutex_lock(&job->lock);
    job->ended = 1;
    int left = job->left;
    pthread_cond_signal(&job->over);
    pthread_mutex_unlock(&job->lock);
    if (left)
        job_free(job);
    return NULL;
}

static int is_over(pthread_t thread)
{
    clockid_t clock;
    struct timespec used;
    return pthread_getcpuclockid(thread, &clock) == 0 && clock_gettime(clock, &used) == 0 &&
           used.tv_sec >= MAX_SECONDS;
}

// Returns 1 when it has ended, 0 when its time is over.
static int wait_for(struct job *job, pthread_t thread)
{
    int ended;
    pthread_mutex_lock(&job->lock);
    while (!job->ended && !is_over(thread)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&job->over, &job->lock, &until);
    }
    ended = job->ended;
    job->left = !ended;
    pthread_mutex_unlock(&job->lock);
    return ended;
}

// No signal of ours is for it.
static int start(struct job *job, pthread_t *ret)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(ret, NULL, work, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static int open_strings(lua_State *state)
{
    luaL_requiref(state, "string", luaopen_string, 1);
    return 0;
}

// Calls a function in a state of its own with the arguments from `first` to the top of this one;
// what it returns is pushed here. Returns how many that are.
static int run(lua_State *state, int first, lua_CFunction function)
{
    struct job *job = mem_zero(1, sizeof *job);
    pthread_t thread;
    job->state = lua_newstate(allocate, job);
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->over, NULL);
    job->arguments = lua_gettop(state) - first + 1;
    lua_pushcfunction(job->state, open_strings);
    lua_call(job->state, 0, 0);
    lua_pushcfunction(job->state, function);
    for (int i = 0; i < job->arguments; i++)
        copy_value(state, first + i, job->state);
    if (start(job, &thread) != 0) {
        job_free(job);
        return luaL_error(state, "no thread can be started for a pattern");
    }
    if (!wait_for(job, thread)) {
        pthread_detach(thread);
        luafile_stop(state, "a pattern takes more than 2 s: it does not come to an end");
    }
    pthread_join(thread, NULL);
    int status = job->status, count = lua_gettop(job->state);
    luaL_checkstack(state, count + 1, NULL);
    for (int i = 1; i <= count; i++)
        copy_value(job->state, i, state);
    job_free(job);
    return status == LUA_OK ? count : lua_error(state);
}

static int call_library(lua_State *state, const char *name)
{
    lua_getglobal(state, "string");
    lua_getfield(state, -1, name);
    lua_replace(state, -2);
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
    return lua_gettop(state);
}

static int work_find(lua_State *state)
{
    return call_library(state, "find");
}

static int work_match(lua_State *state)
{
    return call_library(state, "match");
}

static int work_gsub(lua_State *state)
{
    return call_library(state, "gsub");
}

// A list of lists: what each match captures.
static int work_gmatch(lua_State *state)
{
    call_library(state, "gmatch");
    lua_settop(state, 1);
    lua_newtable(state);
    for (lua_Integer i = 1;; i++) {
        lua_pushvalue(state, 1);
        lua_call(state, 0, LUA_MULTRET);
        int count = lua_gettop(state) - 2;
        if (!count || lua_isnil(state, 3))
            break;
        lua_createtable(state, count, 0);
        lua_insert(state, 3);
        for (int k = count; k > 0; k--)
            lua_seti(state, 3, k);
        lua_seti(state, 2, i);
    }
    lua_settop(state, 2);
    return 1;
}

// Upvalue 1: where to gather. The match stays as it is.
static int gather(lua_State *state)
{
    int count = lua_gettop(state);
    lua_createtable(state, count, 0);
    lua_insert(state, 1);
    for (int k = count; k > 0; k--)
        lua_seti(state, 1, k);
    lua_seti(state, lua_upvalueindex(1),
             (lua_Integer)lua_rawlen(state, lua_upvalueindex(1)) + 1);
    return 0;
}

// text, pattern, most
static int work_gather(lua_State *state)
{
    lua_newtable(state);
    lua_insert(state, 1);
    lua_pushvalue(state, 1);
    lua_pushcclosure(state, gather, 1);
    lua_insert(state, 4);
    lua_getglobal(state, "string");
    lua_getfield(state, -1, "gsub");
    lua_replace(state, -2);
    lua_insert(state, 2);
    lua_call(state, lua_gettop(state) - 2, 0);
    lua_settop(state, 1);
    return 1;
}

// text, pattern, values, most
static int work_replay(lua_State *state)
{
    lua_pushvalue(state, 3);
    lua_call_each(state);
    lua_replace(state, 3);
    return call_library(state, "gsub");
}

// The library's own function is upvalue 1.
static int run_own(lua_State *state)
{
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
    return lua_gettop(state);
}

static int find(lua_State *state)
{
    return !lua_toboolean(state, 4) && takes_long(state) ? run(state, 1, work_find)
                                                         : run_own(state);
}

static int match(lua_State *state)
{
    return takes_long(state) ? run(state, 1, work_match) : run_own(state);
}

static int next_match(lua_State *state)
{
    lua_Integer at = lua_tointeger(state, lua_upvalueindex(2)) + 1;
    lua_settop(state, 0);
    lua_pushinteger(state, at);
    lua_replace(state, lua_upvalueindex(2));
    if (lua_geti(state, lua_upvalueindex(1), at) == LUA_TNIL)
        return 1;
    int count = (int)lua_rawlen(state, -1);
    luaL_checkstack(state, count, NULL);
    for (int i = 1; i <= count; i++)
        lua_geti(state, 1, i);
    return count;
}

static int gmatch(lua_State *state)
{
    if (!takes_long(state))
        return run_own(state);
    lua_settop(state, 2);
    run(state, 1, work_gmatch);
    lua_pushinteger(state, 0);
    lua_pushcclosure(state, next_match, 2);
    return 1;
}

// What a function or a table has for the captures in the list at the top, in their place.
static void replace_captures(lua_State *state)
{
    int count = (int)lua_rawlen(state, -1), list = lua_gettop(state);
    if (lua_istable(state, 3)) {
        lua_geti(state, list, 1);
        lua_gettable(state, 3);
    } else {
        luaL_checkstack(state, count + 1, NULL);
        lua_pushvalue(state, 3);
        for (int i = 1; i <= count; i++)
            lua_geti(state, list, i);
        lua_call(state, count, 1);
    }
    if (lua_isnil(state, -1)) {
        lua_pop(state, 1);
        lua_pushboolean(state, 0); // the match stays
    }
    lua_replace(state, list);
}

static int gsub(lua_State *state)
{
    if (!takes_long(state))
        return run_own(state);
    if (!lua_istable(state, 3) && !lua_isfunction(state, 3))
        return run(state, 1, work_gsub);
    lua_settop(state, 4); // text, pattern, by what, most
    lua_pushvalue(state, 1);
    lua_pushvalue(state, 2);
    if (!lua_isnil(state, 4))
        lua_pushvalue(state, 4);
    run(state, 5, work_gather);
    int list = lua_gettop(state);
    for (lua_Integer i = 1; lua_geti(state, list, i) != LUA_TNIL; i++) {
        replace_captures(state);
        lua_seti(state, list, i);
    }
    lua_settop(state, list);
    lua_replace(state, 3);
    lua_settop(state, lua_isnil(state, 4) ? 3 : 4);
    return run(state, 1, work_replay);
}

void lua_patterns_put(lua_State *state)
{
    static const luaL_Reg functions[] = {
        {"find", find}, {"match", match}, {"gmatch", gmatch}, {"gsub", gsub}};
    for (size_t i = 0; i < COUNT(functions); i++) {
        lua_getfield(state, -1, functions[i].name);
        lua_pushcclosure(state, functions[i].func, 1);
        lua_setfield(state, -2, functions[i].name);
    }
}
