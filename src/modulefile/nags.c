// SPDX-License-Identifier: Apache-2.0
// nags: what LMOD_ADMIN_FILE has for who loads a module: "NAME|NAME: words", more lines of words up to an
// empty one. A name is a pattern of Lua, of full names, or, where it begins with '/', of files.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "modulefile/engine_parts.h"
#include "modulefile/lua_call.h"
#include "modulefile/luafile.h"

enum { MAX_NAGS = 1 << 20 };

void engine_note_nag(struct engine *engine, const struct catalog_found *found)
{
    if (!engine->rules.nags || engine->quiet)
        return;
    for (size_t i = 0; i < engine->nagged.count; i += 2)
        if (strcmp(engine->nagged.item[i], found->full) == 0)
            return;
    strv_add(&engine->nagged, found->full);
    strv_add(&engine->nagged, found->file);
}

static int is_found(struct engine *engine, const char *text, const char *pattern)
{
    if (strcmp(text, pattern) == 0)
        return 1;
    lua_State *state = luafile_thread(engine);
    luafile_forgive(engine->lua);
    lua_getglobal(state, "string");
    lua_getfield(state, -1, "find");
    lua_pushstring(state, text);
    lua_pushstring(state, pattern);
    int fits = lua_pcall(state, 2, 1, 0) == LUA_OK && !lua_isnil(state, -1);
    luafile_drop(engine);
    return fits;
}

static int is_about(struct engine *engine, char *keys, const char *full, const char *file)
{
    CLEANUP_STRV struct strv list = {0};
    int fits = 0;
    strv_split(&list, keys, '|');
    for (size_t i = 0; i < list.count && !fits; i++) {
        char *key = list.item[i] + strspn(list.item[i], " \t");
        for (size_t size = strlen(key); size && strchr(" \t", key[size - 1]);)
            key[--size] = '\0';
        fits = *key &&
               (is_found(engine, full, key) || (*key == '/' && is_found(engine, file, key)));
    }
    return fits;
}

static void trim_end(char *line)
{
    for (size_t size = strlen(line); size && strchr(" \t\r", line[size - 1]);)
        line[--size] = '\0';
}

// The words of the first entry that is about a module; "" if none is.
static void read_words(struct engine *engine, const struct strv *lines, const char *full,
                       const char *file, struct str *into)
{
    int is_within = 0, is_it = 0;
    for (size_t i = 0; i < lines->count; i++) {
        CLEANUP_FREE char *line = mem_dup(lines->item[i]);
        char *words = line, *colon = strchr(line, ':');
        trim_end(line);
        if (*line == '#')
            continue;
        if (!*line && is_it)
            return;
        if (!*line || (!is_within && !colon)) {
            is_within = 0;
            continue;
        }
        if (!is_within) {
            *colon = '\0';
            words = colon + 1;
            is_within = 1;
            is_it = is_about(engine, line, full, file);
        }
        words += words == line ? 0 : strspn(words, " \t");
        if (is_it && *words)
            str_print(into, "%s\n", words);
    }
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// What came and went within the command is not told of.
static int is_in_force(const struct engine *engine, const char *file)
{
    int found = 0;
    for (size_t i = 0; i < engine->loaded.count && !found; i++)
        found = engine->loaded.item[i].status == LOADED_ACTIVE &&
                strcmp(engine->loaded.item[i].file, file) == 0;
    return found;
}

void engine_tell_nags(struct engine *engine)
{
    CLEANUP_STR struct str text = {0}, all = {0};
    CLEANUP_STRV struct strv lines = {0};
    if (!engine->nagged.count || fs_read(AT_FDCWD, vars_get(&engine->vars, "LMOD_ADMIN_FILE"),
                                         MAX_NAGS, &text, NULL) < 0)
        return;
    strv_split(&lines, str_text(&text), '\n');
    qsort(engine->nagged.item, engine->nagged.count / 2, 2 * sizeof(char *), compare_pairs);
    for (size_t i = 0; i + 1 < engine->nagged.count; i += 2) {
        CLEANUP_STR struct str words = {0};
        const char *full = engine->nagged.item[i], *file = engine->nagged.item[i + 1];
        if (is_in_force(engine, file))
            read_words(engine, &lines, full, file, &words);
        if (words.size)
            str_print(&all, "\n%s:\n%s", full, words.text);
    }
    if (all.size)
        str_print(&engine->talk, "%s\n%s\n", _("what the site says of these modules:"),
                  all.text);
}
