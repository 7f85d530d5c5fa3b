// SPDX-License-Identifier: Apache-2.0
#include "modulefile/engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/engine_parts.h"
#include "modulefile/hooks.h"
#include "modulefile/luafile.h"
#include "modulefile/notes.h"
#include "modulefile/tclfile.h"

enum { MAX_DEPTH = 150 };

int engine_evaluate(struct engine *engine, struct engine_frame *frame)
{
    if (!str_ends(frame->file, ".lua")) {
        if (!engine->tcl)
            engine->tcl = tclfile_new(engine);
        return tclfile_run(engine->tcl, frame->file);
    }
    if (!engine->lua)
        luafile_new(engine);
    return luafile_run(engine->lua, frame->file);
}

int engine_begin(struct engine *engine, char *const *environment, const char *shell,
                 struct err *err)
{
    *engine = (struct engine){.shell = shell, .trace = engine->trace};
    engine->catalog.folders.trace = engine->trace;
    vars_copy(&engine->vars, environment);
    engine->catalog.folders.run = engine_run_rc;
    engine->catalog.hides = hooks_hide;
    engine->catalog.hides_data = engine;
    engine->catalog.folders.data = engine;
    engine->catalog.folders.talk = &engine->talk;
    int status = loaded_read(&engine->loaded, &engine->vars, err);
    const char *path = vars_get(&engine->vars, "MODULEPATH");
    if (!engine->loaded.base_path)
        engine->loaded.base_path = mem_dup(path);
    loaded_copy(&engine->loaded, &engine->before);
    engine->path = mem_dup(path ? path : "");
    engine_read_settings(engine);
    engine_read_rc(engine);
    return status;
}

void engine_free(struct engine *engine)
{
    for (size_t i = 0; i < engine->words; i++) {
        free(engine->word[i].name);
        free(engine->word[i].value);
        free(engine->word[i].csh);
    }
    free(engine->word);
    free(engine->path);
    vars_free(&engine->vars);
    vars_free(&engine->aside);
    vars_free(&engine->aside_then);
    loaded_free(&engine->loaded);
    loaded_free(&engine->before);
    catalog_free(&engine->catalog);
    luafile_free(engine->lua);
    tclfile_free(engine->tcl);
    str_free(&engine->talk);
    str_free(&engine->shown);
    strv_free(&engine->missing);
    strv_free(&engine->sticky);
    strv_free(&engine->families);
    strv_free(&engine->nagged);
}

int engine_depth(const struct engine *engine)
{
    int depth = 0;
    for (const struct engine_frame *frame = engine->frame; frame; frame = frame->below)
        depth++;
    return depth;
}

void engine_word(struct engine *engine, enum engine_kind kind, const char *name,
                 const char *value, const char *csh)
{
    struct engine_word word = {kind, mem_dup(name), mem_dup(value), mem_dup(csh)};
    for (size_t i = 0; i < engine->words; i++) {
        struct engine_word *old = &engine->word[i];
        if (old->kind != kind || strcmp(old->name, name) != 0)
            continue;
        free(old->name);
        free(old->value);
        free(old->csh);
        *old = word;
        return;
    }
    mem_room(&engine->word, &engine->room, engine->words + 1, sizeof *engine->word);
    engine->word[engine->words++] = word;
}

int engine_find(struct engine *engine, const struct catalog_wish *wish,
                struct catalog_found *ret)
{
    CLEANUP_STRV struct strv path = {0};
    struct catalog_wish asked = *wish;
    if (engine->latest && asked.how == CATALOG_MATCH)
        asked.how = CATALOG_LATEST;
    paths_list(&engine->vars, "MODULEPATH", &path);
    return catalog_find(&engine->catalog, &path, &asked, ret);
}

int engine_is_there(struct engine *engine, const struct catalog_wish *wish)
{
    CLEANUP_FOUND struct catalog_found found = {0};
    return engine_find(engine, wish, &found) && !engine_forbids(engine, &found);
}

// Evaluates the file of a module. What LmodBreak leaves is as before it.
static int evaluate(struct engine *engine, struct engine_frame *frame)
{
    struct vars vars = {0};
    struct loaded loaded = {0};
    if (engine_depth(engine) >= MAX_DEPTH)
        return err_set(&engine->err, ERR_MODULE,
                       _("modules load each other more than %d deep: '%s'"), MAX_DEPTH,
                       frame->full);
    if (engine->mode == ENGINE_LOAD) {
        vars_copy(&vars, engine->vars.list.item);
        loaded_copy(&engine->loaded, &loaded);
    }
    frame->below = engine->frame;
    engine->frame = frame;
    int64_t begun_us = engine_trace_file(engine, frame);
    int status = engine->mode == ENGINE_UNLOAD ? hooks_call(engine, "unload", frame) : 0;
    if (status == 0)
        status = engine_evaluate(engine, frame);
    if (status == 0 && engine->mode == ENGINE_LOAD && !frame->broken)
        status = hooks_call(engine, "load", frame);
    engine_trace_end(engine, frame, status, begun_us);
    engine->frame = frame->below;
    if (status == 0 && frame->broken && engine->mode == ENGINE_LOAD) {
        struct vars spoilt = engine->vars;
        struct loaded spoilt_loaded = engine->loaded;
        engine->vars = vars;
        engine->loaded = loaded;
        vars = spoilt;
        loaded = spoilt_loaded;
    }
    vars_free(&vars);
    loaded_free(&loaded);
    return status;
}

// A module whose file fails now must not stay for ever.
static void forgive(struct engine *engine)
{
    str_print(&engine->talk, _("warning: %s: some of what the module set may stay, ignoring\n"),
              engine->err.text);
    engine->err = (struct err){0};
    luafile_forgive(engine->lua);
}

int engine_unload_one(struct engine *engine, const char *name)
{
    struct loaded_module *module = loaded_get(&engine->loaded, name);
    if (!module || module->status == LOADED_PENDING)
        return 0;
    CLEANUP_FREE char *own = mem_dup(module->name), *full = mem_dup(module->full);
    CLEANUP_FREE char *user = mem_dup(module->user), *file = mem_dup(module->file);
    CLEANUP_FREE char *version = mem_dup(loaded_version(module));
    if (module->status == LOADED_INACTIVE) {
        loaded_drop(&engine->loaded, own);
        return 0;
    }
    if (loaded_is(module, "lmod", "sticky"))
        strv_add(&engine->sticky, user);
    module->status = LOADED_PENDING;
    if (access(file, R_OK) < 0) {
        str_print(&engine->talk,
                  _("warning: the modulefile '%s' is gone: what it set stays, ignoring\n"),
                  file);
        loaded_drop(&engine->loaded, own);
        return 0;
    }
    enum engine_mode before = engine->mode;
    engine->mode = ENGINE_UNLOAD;
    struct engine_frame frame = {
        .name = own, .full = full, .version = version, .user = user, .file = file};
    if (evaluate(engine, &frame) < 0)
        forgive(engine);
    engine->mode = before;
    loaded_drop(&engine->loaded, own);
    return 0;
}

// A member of a family was there: it goes, and so does the new one, which then is loaded without
// the other before it.
static int settle_families(struct engine *engine, const char *name)
{
    struct strv *pairs = &engine->families;
    int status = 0;
    if (!pairs->count || strcmp(pairs->item[pairs->count - 1], name) != 0)
        return 0;
    struct strv swaps = *pairs;
    *pairs = (struct strv){0};
    engine->is_swapping++;
    for (size_t i = 0; i + 1 < swaps.count && status == 0; i += 2) {
        const struct loaded_module *from = loaded_get(&engine->loaded, swaps.item[i]);
        const struct loaded_module *to = loaded_get(&engine->loaded, swaps.item[i + 1]);
        if (!from || !to)
            continue;
        if (!engine->quiet)
            str_print(&engine->talk, _("module '%s' is replaced by '%s'\n"), from->full,
                      to->full);
        CLEANUP_FREE char *user = mem_dup(to->user);
        const struct catalog_wish wish = {.user = user};
        if (engine_unload_one(engine, swaps.item[i]) < 0 ||
            engine_unload_one(engine, swaps.item[i + 1]) < 0 ||
            engine_load_one(engine, &wish) < 0)
            status = -1;
    }
    engine->is_swapping--;
    strv_free(&swaps);
    return status;
}

static int load_found(struct engine *engine, const struct catalog_found *found)
{
    if (engine_check_rc(engine, found, ENGINE_LOAD) < 0)
        return -1;
    const struct loaded_module module = {
        .name = found->name,
        .full = found->full,
        .file = found->file,
        .user = found->user,
        .key = found->key,
        .status = LOADED_PENDING,
        .order = -1,
        .depth = engine_depth(engine),
        .users = -1,
    };
    const struct loaded_module *known = loaded_get(&engine->loaded, found->name);
    if (known && known->status == LOADED_PENDING && strcmp(known->file, found->file) == 0)
        return err_set(&engine->err, ERR_MODULE, _("module '%s' loads itself"), found->full);
    struct engine_frame frame = {.name = found->name,
                                 .full = found->full,
                                 .version = found->version,
                                 .user = found->user,
                                 .file = found->file};
    loaded_put(&engine->loaded, &module);
    notes_begin(engine, found->full);
    engine_mark_rc(engine, found);
    if (evaluate(engine, &frame) < 0)
        return -1;
    struct loaded_module *now = loaded_get(&engine->loaded, found->name);
    if (frame.broken) {
        loaded_drop(&engine->loaded, found->name);
        return 1;
    }
    if (now && strcmp(now->file, found->file) == 0)
        loaded_activate(&engine->loaded, now);
    engine_note_nag(engine, found);
    return settle_families(engine, found->name) < 0 ? -1 : 1;
}

static int refuse_version(struct engine *engine, const struct loaded_module *known,
                          const struct catalog_found *found)
{
    err_set(&engine->err, ERR_MODULE,
            _("'%s' is loaded, and stays where '%s' is to be loaded: "
              "LMOD_DISABLE_SAME_NAME_AUTOSWAP is set"),
            known->full, found->full);
    return err_hint(&engine->err, "try", "module swap %s %s", known->full, found->full);
}

int engine_load_one(struct engine *engine, const struct catalog_wish *wish)
{
    CLEANUP_FOUND struct catalog_found found = {0};
    if (!engine_find(engine, wish, &found))
        return 0;
    const struct loaded_module *known = loaded_get(&engine->loaded, found.name);
    if (known && known->status == LOADED_ACTIVE) {
        if (engine->rules.keeps_version && strcmp(known->full, found.full) != 0)
            return refuse_version(engine, known, &found);
        if (engine_unload_one(engine, found.name) < 0 || engine_reload(engine) < 0)
            return -1;
        catalog_found_free(&found);
        if (!engine_find(engine, wish, &found))
            return 0;
    }
    return load_found(engine, &found);
}

// The file of the same name behind the one of the frame. Yours; NULL if there is none.
static char *next_file(const struct engine *engine, const struct engine_frame *frame)
{
    CLEANUP_STRV struct strv path = {0};
    int is_behind = 0;
    paths_list(&engine->vars, "MODULEPATH", &path);
    for (size_t i = 0; i < path.count; i++) {
        char *lua = mem_print("%s/%s.lua", path.item[i], frame->full);
        if (is_behind && access(lua, F_OK) == 0)
            return lua;
        int is_own = strcmp(lua, frame->file) == 0;
        lua[strlen(lua) - strlen(".lua")] = '\0';
        if (is_behind && access(lua, F_OK) == 0)
            return lua;
        is_behind |= is_own || strcmp(lua, frame->file) == 0;
        free(lua);
    }
    return NULL;
}

// What was inherited is undone by the files that were read then.
static char *last_inherited(struct loaded_module *module)
{
    if (!module || !module->inherited.count)
        return NULL;
    struct strv *files = &module->inherited;
    char *file = files->item[--files->count];
    files->item[files->count] = NULL;
    return file;
}

int engine_inherit(struct engine *engine)
{
    struct engine_frame frame = *engine->frame;
    struct loaded_module *module = loaded_get(&engine->loaded, frame.name);
    CLEANUP_FREE char *file =
        engine->mode == ENGINE_UNLOAD ? last_inherited(module) : next_file(engine, &frame);
    if (!file)
        return err_set(&engine->err, ERR_MODULE,
                       _("%s: no folder behind it in MODULEPATH has a module '%s' to inherit"),
                       frame.file, frame.full);
    frame.file = file;
    if (evaluate(engine, &frame) < 0)
        return -1;
    module = loaded_get(&engine->loaded, frame.name);
    if (module && engine->mode == ENGINE_LOAD)
        strv_add(&module->inherited, file);
    return 0;
}

char *engine_file(struct engine *engine, const char *name)
{
    CLEANUP_FOUND struct catalog_found found = {0};
    const struct loaded_module *module = loaded_find(&engine->loaded, name);
    const struct catalog_wish wish = {.user = name};
    if (module && module->status == LOADED_ACTIVE)
        return mem_dup(module->file);
    return engine_find(engine, &wish, &found) ? mem_dup(found.file) : NULL;
}

int engine_look(struct engine *engine, const char *name, enum engine_mode mode, struct err *err)
{
    CLEANUP_FOUND struct catalog_found found = {0};
    const struct loaded_module *module = loaded_find(&engine->loaded, name);
    const struct catalog_wish wish = {.user = name};
    struct engine_frame frame = {0};
    if (module && module->status == LOADED_ACTIVE)
        frame = (struct engine_frame){.name = module->name,
                                      .full = module->full,
                                      .version = loaded_version(module),
                                      .user = module->user,
                                      .file = module->file};
    else if (engine_find(engine, &wish, &found))
        frame = (struct engine_frame){.name = found.name,
                                      .full = found.full,
                                      .version = found.version,
                                      .user = found.user,
                                      .file = found.file};
    else
        return 0;
    str_clear(&engine->shown);
    if (found.full && engine_check_rc(engine, &found, mode) < 0) {
        *err = engine->err;
        return -1;
    }
    engine->mode = mode;
    CLEANUP_FREE char *file = mem_dup(frame.file);
    if (mode == ENGINE_SHOW)
        str_print(&engine->shown, "   %s:\n\n", file);
    int status = evaluate(engine, &frame);
    engine->mode = ENGINE_LOAD;
    if (status < 0) {
        *err = engine->err;
        return -1;
    }
    return 1;
}
