// SPDX-License-Identifier: Apache-2.0
// commands: what a person asks of the engine: load, unload, swap, purge, use (engine.h).
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/engine_parts.h"
#include "modulefile/notes.h"

enum { MAX_ROUNDS = 30 }; // modules that change MODULEPATH bring others, which may change it

static int reload_one(struct engine *engine, const struct loaded_module *old)
{
    const struct loaded_module *now = loaded_get(&engine->loaded, old->name);
    const struct catalog_wish wish = {.user = old->user};
    if (now && now->status == LOADED_ACTIVE) {
        CLEANUP_FOUND struct catalog_found found = {0};
        const struct catalog_wish asked = {.user = now->user};
        if (engine_find(engine, &asked, &found) && strcmp(found.file, now->file) == 0)
            return 0;
        if (engine_unload_one(engine, old->name) < 0 || engine_reload(engine) < 0)
            return -1;
    }
    return engine_load_one(engine, &wish) < 0 || engine_reload(engine) < 0 ? -1 : 0;
}

// Those of `names` that are active no more are inactive from now on; old: what they were.
static void keep_waiting(struct engine *engine, const struct loaded *old,
                         const struct strv *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct loaded_module *now = loaded_get(&engine->loaded, names->item[i]);
        if (now && now->status == LOADED_ACTIVE)
            continue;
        struct loaded_module module = *loaded_get(old, names->item[i]);
        module.status = LOADED_INACTIVE;
        module.order = -(long)i - 1;
        module.users = -1;
        module.marks = module.scripts = module.inherited = (struct strv){0};
        loaded_put(&engine->loaded, &module);
    }
}

static int reload_round(struct engine *engine)
{
    CLEANUP_LOADED struct loaded old = {0};
    loaded_copy(&engine->loaded, &old);
    struct loaded_module **list = loaded_list(&old, 1);
    int status = 0;
    CLEANUP_STRV struct strv asked = {0};
    for (size_t i = 0; list[i] && status == 0; i++) {
        if (!loaded_get(&engine->loaded, list[i]->name))
            continue;
        strv_add(&asked, list[i]->name);
        status = reload_one(engine, list[i]);
    }
    if (status == 0)
        keep_waiting(engine, &old, &asked);
    free(list);
    return status;
}

int engine_reload(struct engine *engine)
{
    const char *path = vars_get(&engine->vars, "MODULEPATH");
    path = path ? path : "";
    if (engine->frame || engine->is_swapping || strcmp(path, engine->path) == 0 ||
        engine->rounds >= MAX_ROUNDS)
        return 0;
    trace_add(engine->trace,
              _("MODULEPATH is another now: what is loaded is looked for again"));
    free(engine->path);
    engine->path = mem_dup(path);
    engine->rounds++;
    int status = reload_round(engine);
    engine->rounds--;
    return status;
}

// The modulefile's own error, or what is not there.
static int failed(struct engine *engine, struct err *err)
{
    *err = engine->err;
    return -1;
}

static int missing(struct engine *engine, struct err *err)
{
    CLEANUP_STR struct str list = {0};
    for (size_t i = 0; i < engine->missing.count; i++) {
        str_add(&list, i ? ", " : "");
        str_print(&list, _("'%s'"), engine->missing.item[i]);
    }
    const char *path = vars_get(&engine->vars, "MODULEPATH");
    err_set(err, ERR_NO_MODULE, _("no module that can be loaded now is called %s"),
            str_text(&list));
    if (!path || !*path)
        return err_hint(err, "found", "%s",
                        _("MODULEPATH is empty: no folder of modules is in use"));
    engine_hint_near(engine, engine->missing.item[0], err);
    CLEANUP_STR struct str quoted = {0};
    str_add_shell(&quoted, engine->missing.item[0]);
    err_hint(err, "try", "module spider %s", quoted.text);
    return err_hint(err, "more", "%s",
                    _("what is built by another compiler, and extensions of modules, are found "
                      "by spider"));
}

// Sticky modules come back, unless they were unloaded with --force.
static int restore_sticky(struct engine *engine)
{
    size_t back = 0;
    struct strv list = engine->sticky;
    engine->sticky = (struct strv){0};
    for (size_t i = list.count; i-- > 0 && !engine->force;) {
        const struct catalog_wish wish = {.user = list.item[i]};
        int loaded = engine_load_one(engine, &wish);
        if (loaded < 0) {
            strv_free(&list);
            return -1;
        }
        back += loaded > 0;
    }
    if (back && !engine->quiet) {
        str_print(&engine->talk, "%s",
                  _("these modules are sticky and stay (--force unloads them too):"));
        for (size_t i = list.count; i-- > 0;)
            str_print(&engine->talk, " %s", list.item[i]);
        str_add_char(&engine->talk, '\n');
    }
    strv_free(&list);
    return 0;
}

static int unload_names(struct engine *engine, const struct strv *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (engine_unload_one(engine, names->item[i]) < 0)
            return -1;
    return engine_reload(engine) < 0 || restore_sticky(engine) < 0 || engine_reload(engine) < 0
               ? -1
               : 0;
}

int engine_unload(struct engine *engine, char *const *words, struct err *err)
{
    CLEANUP_STRV struct strv names = {0};
    for (; *words; words++) {
        const struct loaded_module *module = notes_find(engine, *words);
        if (module)
            strv_add(&names, module->name);
    }
    return unload_names(engine, &names) < 0 ? failed(engine, err) : 0;
}

int engine_purge(struct engine *engine, struct err *err)
{
    CLEANUP_STRV struct strv names = {0};
    struct loaded_module **list = loaded_list(&engine->loaded, 1);
    size_t count = 0;
    while (list[count])
        count++;
    while (count-- > 0)
        strv_add(&names, list[count]->name);
    free(list);
    int status = unload_names(engine, &names);
    engine->warned = 0; // all went, whatever they said of it
    return status < 0 ? failed(engine, err) : 0;
}

int engine_load(struct engine *engine, char *const *words, int must, struct err *err)
{
    CLEANUP_STRV struct strv out = {0};
    for (char *const *word = words; *word; word++) {
        const struct loaded_module *module =
            **word == '-' ? notes_find(engine, *word + 1) : NULL;
        if (module)
            strv_add(&out, module->name);
    }
    if (out.count && unload_names(engine, &out) < 0)
        return failed(engine, err);
    for (; *words; words++) {
        const struct catalog_wish wish = {.user = *words + (**words == '+')};
        if (**words != '-' && engine_load_wishes(engine, &wish, 1, must) < 0)
            return failed(engine, err);
    }
    if (engine_reload(engine) < 0)
        return failed(engine, err);
    return must && engine->missing.count ? missing(engine, err) : 0;
}

int engine_swap(struct engine *engine, const char *from, const char *to, struct err *err)
{
    const struct catalog_wish new = {.user = to};
    const struct loaded_module *module =
        from ? notes_find(engine, from) : engine_loaded(engine, &new);
    if (!module) {
        err_set(err, ERR_NO_MODULE, _("module '%s' is not loaded"), from ? from : to);
        return err_hint(err, "try", "module load %s", to);
    }
    CLEANUP_FREE char *name = mem_dup(module->name);
    if (engine_unload_one(engine, name) < 0 || engine_reload(engine) < 0 ||
        engine_load_wishes(engine, &new, 1, 1) < 0 || engine_reload(engine) < 0)
        return failed(engine, err);
    return engine->missing.count ? missing(engine, err) : 0;
}

int engine_use(struct engine *engine, char *const *folders, int behind, int priority,
               struct err *err)
{
    for (; *folders; folders++) {
        const struct paths_change change = {.name = "MODULEPATH",
                                            .value = *folders,
                                            .priority = priority,
                                            .rules = engine->rules.paths};
        if (behind)
            paths_append(&engine->vars, &change);
        else
            paths_prepend(&engine->vars, &change);
    }
    return engine_reload(engine) < 0 ? failed(engine, err) : 0;
}

int engine_unuse(struct engine *engine, char *const *folders, struct err *err)
{
    for (; *folders; folders++)
        paths_remove(&engine->vars, &(struct paths_change){
                                        .name = "MODULEPATH", .value = *folders, .whole = 1});
    return engine_reload(engine) < 0 ? failed(engine, err) : 0;
}

const char *engine_saved_name(const struct engine *engine, const struct loaded_module *saved)
{
    return engine->rules.pins ? saved->full : saved->user;
}

int engine_restore(struct engine *engine, const struct loaded *saved, struct err *err)
{
    struct loaded_module **list = loaded_list(saved, 0);
    int status = 0;
    engine->is_restoring = 1;
    for (size_t i = 0; list[i] && status == 0; i++) {
        const struct catalog_wish wish = {.user = engine_saved_name(engine, list[i])};
        struct loaded_module *now = loaded_get(&engine->loaded, list[i]->name);
        if (!now || now->status != LOADED_ACTIVE)
            status = engine_load_one(engine, &wish) < 0 ? -1 : 0;
    }
    engine->is_restoring = 0;
    for (size_t i = 0; list[i] && status == 0; i++) {
        struct loaded_module *now = loaded_get(&engine->loaded, list[i]->name);
        if (now) {
            now->depth = list[i]->depth;
            now->users = list[i]->users;
        }
    }
    free(list);
    return status < 0 ? failed(engine, err) : 0;
}

// All go before the first comes back, so that none stands in another's way.
static int unload_all(struct engine *engine, const struct strv *names)
{
    for (size_t i = names->count; i-- > 0;) {
        const struct loaded_module *module = loaded_get(&engine->loaded, names->item[i]);
        if (module && engine_unload_one(engine, names->item[i]) < 0)
            return -1;
    }
    strv_free(&engine->sticky);
    return 0;
}

int engine_update(struct engine *engine, struct err *err)
{
    CLEANUP_LOADED struct loaded old = {0};
    CLEANUP_STRV struct strv names = {0};
    loaded_copy(&engine->loaded, &old);
    struct loaded_module **list = loaded_list(&old, 1);
    for (size_t i = 0; list[i]; i++)
        strv_add(&names, list[i]->name);
    int status = unload_all(engine, &names);
    for (size_t i = 0; list[i] && status == 0; i++) {
        const struct catalog_wish wish = {.user = list[i]->user};
        struct loaded_module *now = loaded_get(&engine->loaded, list[i]->name);
        if (!now || now->status != LOADED_ACTIVE)
            status = engine_load_one(engine, &wish) < 0 ? -1 : 0;
    }
    for (size_t i = 0; list[i] && status == 0; i++) {
        struct loaded_module *now = loaded_get(&engine->loaded, list[i]->name);
        if (now && now->status == LOADED_ACTIVE) {
            now->depth = list[i]->depth;
            now->users = list[i]->users;
        }
    }
    free(list);
    if (status == 0)
        keep_waiting(engine, &old, &names);
    return status < 0 || engine_reload(engine) < 0 ? failed(engine, err) : 0;
}

int engine_refresh(struct engine *engine, struct err *err)
{
    struct loaded_module **list = loaded_list(&engine->loaded, 0);
    int status = 0;
    engine->mode = ENGINE_REFRESH;
    for (size_t i = 0; list[i] && status == 0; i++) {
        struct engine_frame frame = {.name = list[i]->name,
                                     .full = list[i]->full,
                                     .version = loaded_version(list[i]),
                                     .user = list[i]->user,
                                     .file = list[i]->file};
        engine->frame = &frame;
        int64_t begun_us = engine_trace_file(engine, &frame);
        status = engine_evaluate(engine, &frame);
        engine_trace_end(engine, &frame, status, begun_us);
        engine->frame = NULL;
    }
    engine->mode = ENGINE_LOAD;
    free(list);
    return status < 0 ? failed(engine, err) : 0;
}

static void tell(struct engine *engine, const char *title, const struct str *list)
{
    if (list->size && !engine->quiet)
        str_print(&engine->talk, "%s%s\n", title, list->text);
}

void engine_settle(struct engine *engine)
{
    CLEANUP_STR struct str inactive = {0}, active = {0}, reloaded = {0}, changed = {0};
    struct loaded_module **list = loaded_list(&engine->before, 1);
    for (size_t i = 0; list[i]; i++) {
        const struct loaded_module *old = list[i],
                                   *now = loaded_get(&engine->loaded, old->name);
        if (!now)
            continue;
        int was = old->status == LOADED_ACTIVE, is = now->status == LOADED_ACTIVE;
        if (was && !is)
            str_print(&inactive, " %s", now->user);
        else if (!was && is)
            str_print(&active, " %s", now->full);
        else if (is && strcmp(old->full, now->full) != 0)
            str_print(&changed, " %s => %s", old->full, now->full);
        else if (is && strcmp(old->file, now->file) != 0)
            str_print(&reloaded, " %s", now->full);
    }
    free(list);
    tell(engine, _("inactive until what they need is loaded:"), &inactive);
    tell(engine, _("active again:"), &active);
    tell(engine, _("loaded again, from another folder:"), &reloaded);
    tell(engine, _("loaded with another version:"), &changed);
    engine_tell_nags(engine);
    paths_settle(&engine->vars, "MODULEPATH");
    loaded_write(&engine->loaded, &engine->vars);
    notes_settle(engine);
}
