// SPDX-License-Identifier: Apache-2.0
// tcl_load: what a modulefile in Tcl asks of other modules.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/tcl_call.h"

static struct catalog_wish *wishes(const struct tcl_call *call)
{
    struct catalog_wish *list = mem_zero((size_t)call->count + 1, sizeof *list);
    for (int i = 0; i < call->count; i++)
        list[i].user = call->word[i];
    return list;
}

struct request {
    int optional;     // what is not there is no error
    const char *tags; // "a:b", for what is loaded
};

// --optional, --tag LIST, --not-req and what says nothing here.
static void read_options(struct tcl_call *call, struct request *ret)
{
    static const char *const passed[] = {"--not-req", "--auto", "--no-auto",
                                         "--force",   "-f",     "--"};
    *ret = (struct request){0};
    for (int before = -1; before != call->count;) {
        before = call->count;
        ret->optional |= tcl_call_flag(call, "--optional");
        const char *tags = tcl_call_option(call, "--tag", NULL);
        ret->tags = tags ? tags : ret->tags;
        for (size_t i = 0; i < COUNT(passed); i++)
            tcl_call_flag(call, passed[i]);
    }
}

// Tags are Lmod's properties, of which sticky has a meaning there too.
static void add_tags(struct engine *engine, const char *tags, const struct catalog_wish *wish,
                     int count)
{
    CLEANUP_STRV struct strv list = {0};
    strv_split(&list, tags ? tags : "", ':');
    for (int i = 0; i < count && tags && engine->mode == ENGINE_LOAD; i++) {
        struct loaded_module *module = engine_loaded(engine, &wish[i]);
        for (size_t k = 0; module && k < list.count; k++)
            if (*list.item[k] && !loaded_is(module, "lmod", list.item[k]))
                strv_take(&module->marks, mem_print("lmod\t%s", list.item[k]));
    }
}

typedef int asking(struct engine *engine, const struct catalog_wish *wish, size_t count);

static int load_must(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    if (engine->mode == ENGINE_UNLOAD)
        return engine_unload_wishes(engine, wish, count);
    return engine_load_wishes(engine, wish, count, 1);
}

static int load_try(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    if (engine->mode == ENGINE_UNLOAD)
        return engine_unload_wishes(engine, wish, count);
    return engine_load_wishes(engine, wish, count, 0);
}

static int load_always(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_load_wishes(engine, wish, count, 1);
}

// One that is loaded, else the first that is there.
static int load_any(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    if (engine->mode == ENGINE_UNLOAD)
        return engine_unload_wishes(engine, wish, count);
    for (size_t i = 0; i < count; i++)
        if (engine_is_loaded(engine, &wish[i]))
            return 0;
    for (size_t i = 0; i < count; i++)
        if (engine_is_there(engine, &wish[i]))
            return engine_load_wishes(engine, &wish[i], 1, 1);
    return engine_load_wishes(engine, wish, count, 1);
}

static int conflicts(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_check_conflict(engine, wish, count);
}

static int needs_any(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_check_prereq(engine, wish, count, 1);
}

static int needs_all(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    return engine->mode == ENGINE_UNLOAD ? 0 : engine_check_prereq(engine, wish, count, 0);
}

static int depend_if_there(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((engine->mode == ENGINE_UNLOAD || engine_is_there(engine, &wish[i])) &&
            engine_depend(engine, &wish[i], 1) < 0)
            return -1;
    return 0;
}

static int no_need(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    (void)engine;
    (void)wish;
    (void)count;
    return 0;
}

static int ask(struct tcl_call *call, const char *function, asking *must, asking *optional)
{
    struct request request;
    read_options(call, &request);
    if (!call->count)
        return tcl_call_wrong(call, "wrong # args: %s wants the name of a module", call->name);
    if (tcl_call_show_list(call, function, call->word, call->count))
        return TCL_DONE;
    CLEANUP_FREE struct catalog_wish *list = wishes(call);
    asking *run = request.optional ? optional : must;
    if (run(call->engine, list, (size_t)call->count) < 0)
        return TCL_REFUSED;
    add_tags(call->engine, request.tags, list, call->count);
    return TCL_DONE;
}

static int always_load(struct tcl_call *call)
{
    return ask(call, "always_load", load_always, load_try);
}

static int depends_on(struct tcl_call *call)
{
    return ask(call, "depends_on", engine_depend, depend_if_there);
}

static int conflict(struct tcl_call *call)
{
    return ask(call, "conflict", conflicts, conflicts);
}

// One of them is enough.
static int prereq(struct tcl_call *call)
{
    return ask(call, "prereq_any", needs_any, no_need);
}

static int prereq_all(struct tcl_call *call)
{
    return ask(call, "prereq", needs_all, no_need);
}

static int family(struct tcl_call *call)
{
    const char *name = call->word[0];
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    if (!*name || name[strspn(name, letters)])
        return tcl_call_wrong(call, "'%s' is no name of a family", name);
    if (tcl_call_show(call, "family", name, NULL))
        return TCL_DONE;
    return engine_family(call->engine, name) < 0 ? TCL_REFUSED : TCL_DONE;
}

// "py" of py/3.9 too, and "py/3" of py/3/9: a folder of what is loaded.
static int is_one_loaded(struct engine *engine, const char *name)
{
    const struct catalog_wish wish = {.user = name};
    const struct loaded_module *module =
        strchr(name, '@') ? NULL : loaded_find(&engine->loaded, name);
    return engine_is_loaded(engine, &wish) || (module && module->status == LOADED_ACTIVE);
}

static int is_loaded(struct tcl_call *call)
{
    int found = 0;
    for (int i = 0; i < call->count; i++)
        found |= is_one_loaded(call->engine, call->word[i]);
    for (size_t i = 0; !call->count && i < call->engine->loaded.count; i++)
        found |= call->engine->loaded.item[i].status == LOADED_ACTIVE;
    return tcl_call_answer_number(call, found);
}

static int is_avail(struct tcl_call *call)
{
    int found = 0;
    for (int i = 0; i < call->count && !found; i++)
        found = engine_is_there(call->engine, &(struct catalog_wish){.user = call->word[i]});
    return tcl_call_answer_number(call, found);
}

static int is_used(struct tcl_call *call)
{
    CLEANUP_STRV struct strv folders = {0};
    paths_list(&call->engine->vars, "MODULEPATH", &folders);
    int found = !call->count && folders.count;
    for (int i = 0; i < call->count; i++) {
        CLEANUP_FREE char *path = paths_regular(call->word[i]);
        for (size_t k = 0; k < folders.count; k++)
            found |= strcmp(folders.item[k], path) == 0;
    }
    return tcl_call_answer_number(call, found);
}

static int mark(struct tcl_call *call, const char *function, int adds)
{
    const char *name = call->word[0], *value = call->word[1];
    struct engine *engine = call->engine;
    if (tcl_call_show(call, function, name, value, NULL) || engine->mode == ENGINE_UNLOAD ||
        !engine->frame)
        return TCL_DONE;
    struct loaded_module *module = loaded_get(&engine->loaded, engine->frame->name);
    if (module && !adds)
        loaded_unmark(module, name, value);
    else if (module && !loaded_is(module, name, value))
        strv_take(&module->marks, mem_print("%s\t%s", name, value));
    return TCL_DONE;
}

static int add_property(struct tcl_call *call)
{
    return mark(call, "add_property", 1);
}

static int remove_property(struct tcl_call *call)
{
    return mark(call, "remove_property", 0);
}

// Names of extensions are for those who look for them (spider).
static int extensions(struct tcl_call *call)
{
    CLEANUP_STR struct str names = {0};
    for (int i = 0; i < call->count; i++)
        str_print(&names, "%s%s", i ? "," : "", call->word[i]);
    tcl_call_show(call, "extensions", str_text(&names), NULL);
    return TCL_DONE;
}

static int use(struct tcl_call *call)
{
    int behind = 0, unloads = call->engine->mode == ENGINE_UNLOAD;
    for (int i = 0; i < call->count; i++) {
        const char *word = call->word[i];
        int appends = strcmp(word, "-a") == 0 || strcmp(word, "--append") == 0 ||
                      strcmp(word, "-append") == 0;
        int prepends = strcmp(word, "-p") == 0 || strcmp(word, "--prepend") == 0 ||
                       strcmp(word, "-prepend") == 0;
        behind = appends ? 1 : prepends ? 0 : behind;
        if (appends || prepends || !*word ||
            tcl_call_show(call, behind ? "append_path" : "prepend_path", "MODULEPATH", word,
                          NULL))
            continue;
        const struct paths_change one = {
            .name = "MODULEPATH", .value = word, .rules = call->engine->rules.paths};
        void (*run)(struct vars *, const struct paths_change *) = unloads  ? paths_remove
                                                                  : behind ? paths_append
                                                                           : paths_prepend;
        run(&call->engine->vars, &one);
    }
    return TCL_DONE;
}

static int unuse(struct tcl_call *call)
{
    for (int i = 0; i < call->count; i++) {
        const struct paths_change one = {.name = "MODULEPATH", .value = call->word[i]};
        if (!str_starts(one.value, "--") &&
            !tcl_call_show(call, "remove_path", "MODULEPATH", one.value, NULL))
            paths_remove(&call->engine->vars, &one);
    }
    return TCL_DONE;
}

static int load(struct tcl_call *call)
{
    return ask(call, "load", load_must, load_try);
}

static int try_load(struct tcl_call *call)
{
    return ask(call, "try_load", load_try, load_try);
}

static int load_one_of(struct tcl_call *call)
{
    return ask(call, "load_any", load_any, load_any);
}

static int unload(struct tcl_call *call)
{
    return ask(call, "unload", engine_unload_wishes, engine_unload_wishes);
}

// swap ?OLD? NEW
static int swap(struct tcl_call *call)
{
    struct request request;
    read_options(call, &request);
    if (call->count < 1 || call->count > 2)
        return tcl_call_wrong(call, "wrong # args: should be \"module swap ?old? new\"");
    struct tcl_call old = *call, new = *call;
    old.count = new.count = 1;
    new.word = call->word + call->count - 1;
    int end = unload(&old);
    return end == TCL_DONE ? load(&new) : end;
}

// Lists are for a person who asks, and not for each load.
static int nothing(struct tcl_call *call)
{
    (void)call;
    return TCL_DONE;
}

static int module(struct tcl_call *call)
{
    static const struct {
        const char *names;
        int (*run)(struct tcl_call *call);
    } verbs[] = {
        {"load add", load},
        {"try-load try-add", try_load},
        {"load-any", load_one_of},
        {"unload del rm remove", unload},
        {"swap switch", swap},
        {"use", use},
        {"unuse", unuse},
        {"list avail display show whatis help aliases search keyword spider refresh", nothing},
    };
    const char *verb = call->word[0];
    size_t size = strlen(verb);
    struct tcl_call rest = *call;
    rest.word++;
    rest.count--;
    for (size_t i = 0; i < COUNT(verbs) && size; i++)
        for (const char *at = verbs[i].names; at; at = strchr(at, ' ')) {
            at += *at == ' ';
            if (strncmp(at, verb, size) == 0 && (at[size] == ' ' || !at[size]))
                return verbs[i].run(&rest);
        }
    return tcl_call_wrong(call, "a modulefile has no command 'module %s'", verb);
}

const struct tcl_command tcl_load_commands[] = {
    {"module", "command ?word...?", 1, -1, module, TCL_EFFECT},
    {"always-load", "module...", 1, -1, always_load, TCL_EFFECT},
    {"depends-on", "module...", 1, -1, depends_on, TCL_EFFECT},
    {"depends_on", "module...", 1, -1, depends_on, TCL_EFFECT},
    {"conflict", "module...", 1, -1, conflict, TCL_EFFECT},
    {"prereq", "module...", 1, -1, prereq, TCL_EFFECT},
    {"prereq-any", "module...", 1, -1, prereq, TCL_EFFECT},
    {"prereq-all", "module...", 1, -1, prereq_all, TCL_EFFECT},
    {"family", "name", 1, 1, family, TCL_EFFECT},
    {"add-property", "name value", 2, 2, add_property, TCL_EFFECT},
    {"remove-property", "name value", 2, 2, remove_property, TCL_EFFECT},
    {"extensions", "name...", 1, -1, extensions, TCL_EFFECT},
    {"is-loaded", "?module...?", 0, -1, is_loaded, TCL_RC},
    {"is-avail", "module...", 1, -1, is_avail, 0},
    {"is-used", "?folder...?", 0, -1, is_used, TCL_RC},
    {0},
};
