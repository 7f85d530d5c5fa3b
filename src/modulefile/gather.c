// SPDX-License-Identifier: Apache-2.0
#include "modulefile/gather.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/engine_parts.h"
#include "modulefile/luafile.h"
#include "modulefile/tclfile.h"

void gathered_free(struct gathered *gathered)
{
    strv_free(&gathered->whatis);
    strv_free(&gathered->extensions);
    strv_free(&gathered->paths);
    strv_free(&gathered->marks);
    strv_free(&gathered->asked);
    str_free(&gathered->help);
    free(gathered->family);
    *gathered = (struct gathered){0};
}

void gather_begin(struct engine *engine, char *const *environment, const char *shell)
{
    *engine = (struct engine){.shell = shell, .mode = ENGINE_SPIDER};
    vars_copy(&engine->vars, environment);
    engine->path = mem_dup("");
    engine->catalog.folders.run = engine_run_rc;
    engine->catalog.folders.data = engine;
}

// What no function of Lua's here notes (lua_gather.c). Tcl's commands note all (tcl_gather.c).
static int asks_more(const char *file, const char *text)
{
    static const char *const words[] = {"posix",   "lfs",     "io.open", "loadfile",
                                        "require", "os.date", "os.time", NULL};
    for (const char *const *word = words; *word && str_ends(file, ".lua"); word++)
        for (const char *at = strstr(text, *word); at; at = strstr(at + 1, *word)) {
            const char *behind = at + strlen(*word);
            behind += strspn(behind, " \t");
            // "required" is no call
            if (**word != 'r' || (*behind && strchr("(\"'[", *behind)))
                return 1;
        }
    return 0;
}

int gather_file(struct engine *engine, const struct gather_of *of, struct gathered *ret,
                struct err *err)
{
    struct engine_frame frame = {.name = of->name,
                                 .full = of->full,
                                 .version = of->version,
                                 .user = of->full,
                                 .file = of->file,
                                 .text = of->text};
    engine->mode = ENGINE_SPIDER;
    engine->gathered = ret;
    engine->frame = &frame;
    engine->err = (struct err){0};
    ret->is_open |= asks_more(of->file, str_text(of->text));
    int status = engine_evaluate(engine, &frame);
    engine->frame = NULL;
    engine->gathered = NULL;
    str_clear(&engine->talk);
    str_clear(&engine->shown);
    if (status == 0 && !ret->is_later)
        return 0;
    if (!str_ends(of->file, ".lua")) {
        ret->is_unread = tclfile_is_missing(engine->tcl);
        ret->is_open |= ret->is_unread;
        *err = engine->err;
        return -1;
    }
    // a state that a file without end has used up is no good for the next
    luafile_free(engine->lua);
    engine->lua = NULL;
    *err = engine->err;
    return -1;
}

static uint64_t hash_of(const char *value)
{
    struct hash hash;
    hash_begin(&hash);
    hash_text(&hash, value);
    return hash_end(&hash);
}

static int is_there(const char *path, int is_dir)
{
    struct stat found;
    return stat(path, &found) == 0 &&
           (is_dir ? S_ISDIR(found.st_mode) : S_ISREG(found.st_mode));
}

int gather_holds(const char *question, const struct vars *vars)
{
    if (str_starts(question, "env ")) {
        const char *space = strchr(question + 4, ' ');
        if (!space)
            return 0;
        CLEANUP_FREE char *name = mem_dupn(question + 4, (size_t)(space - question - 4));
        return strtoull(space + 1, NULL, 16) == hash_of(vars_get(vars, name));
    }
    int is_dir = str_starts(question, "dir ");
    if (!is_dir && !str_starts(question, "file "))
        return 0;
    const char *answer = question + (is_dir ? 4 : 5);
    return (*answer == '0' || *answer == '1') && answer[1] == ' ' &&
           is_there(answer + 2, is_dir) == (*answer == '1');
}

static void note(struct gathered *gathered, char *question)
{
    for (size_t i = 0; i < gathered->asked.count; i++)
        if (strcmp(gathered->asked.item[i], question) == 0) {
            free(question);
            return;
        }
    strv_take(&gathered->asked, question);
}

void gather_env(struct engine *engine, const char *name)
{
    if (strchr(name, ' ') || !*name)
        gather_open(engine);
    else
        note(engine->gathered,
             mem_print("env %s %016llx", name,
                       (unsigned long long)hash_of(vars_get(&engine->vars, name))));
}

void gather_stat(struct engine *engine, const char *path, int is_dir)
{
    note(engine->gathered,
         mem_print("%s %d %s", is_dir ? "dir" : "file", is_there(path, is_dir), path));
}

void gather_open(struct engine *engine)
{
    engine->gathered->is_open = 1;
}

void gather_whatis(struct gathered *gathered, const char *text)
{
    strv_add(&gathered->whatis, text);
}

void gather_help(struct gathered *gathered, const char *text)
{
    str_clear(&gathered->help);
    str_add(&gathered->help, text);
}

void gather_extensions(struct gathered *gathered, const char *list)
{
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, list, ',');
    for (size_t i = 0; i < parts.count; i++) {
        const char *at = parts.item[i];
        while (isspace((unsigned char)*at))
            at++;
        size_t size = strlen(at);
        while (size && isspace((unsigned char)at[size - 1]))
            size--;
        if (size)
            strv_take(&gathered->extensions, mem_dupn(at, size));
    }
}

void gather_path(struct gathered *gathered, const char *variable, const char *value)
{
    CLEANUP_STRV struct strv parts = {0};
    if (strcmp(variable, "MODULEPATH") != 0)
        return;
    strv_split(&parts, value, ':');
    for (size_t i = 0; i < parts.count; i++) {
        char *regular = paths_regular(parts.item[i]);
        if (*regular == '/')
            strv_take(&gathered->paths, regular);
        else
            free(regular);
    }
}

void gather_mark(struct gathered *gathered, const char *property, const char *value)
{
    strv_take(&gathered->marks, mem_print("%s\t%s", property, value));
}

void gather_family(struct gathered *gathered, const char *family)
{
    free(gathered->family);
    gathered->family = mem_dup(family);
}
