// SPDX-License-Identifier: Apache-2.0
// wishes: what modulefiles ask of the engine: load, depends_on, conflict, prereq, pushenv, family (engine.h).
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "module/order.h"
#include "module/spec.h"
#include "module/stack.h"
#include "modulefile/engine_parts.h"
#include "modulefile/hooks.h"
#include "modulefile/notes.h"

struct loaded_module *engine_loaded(const struct engine *engine,
                                    const struct catalog_wish *wish)
{
    CLEANUP_FREE char *name = mem_dup(wish->user);
    struct loaded_module *module;
    while (!(module = loaded_get(&engine->loaded, name))) {
        char *slash = strrchr(name, '/');
        if (!slash) {
            CLEANUP_FREE char *bare = spec_name(wish->user);
            return bare ? loaded_get(&engine->loaded, bare) : NULL;
        }
        *slash = '\0';
    }
    return module;
}

// "py@3.9:", which is not the name of the module as it stands.
static int is_spec_of(const char *user, const struct loaded_module *module)
{
    CLEANUP_FREE char *name = spec_name(user);
    return name && strcmp(name, module->name) == 0 &&
           spec_fits(spec_versions(user), loaded_version(module));
}

static int in_range(const char *version, const struct catalog_wish *wish)
{
    CLEANUP_FREE char *key = order_key(version);
    const char *bounds[] = {wish->least, wish->most};
    for (size_t i = 0; i < COUNT(bounds); i++) {
        if (!bounds[i] || !*bounds[i])
            continue;
        CLEANUP_STR struct str bare = {0};
        for (const char *at = bounds[i]; *at; at++)
            if (*at != '<')
                str_add_char(&bare, *at);
        CLEANUP_FREE char *bound = order_key(str_text(&bare));
        int compared = i ? strcmp(bound, key) : strcmp(key, bound);
        if (compared < 0 || (compared == 0 && strchr(bounds[i], '<')))
            return 0;
    }
    return 1;
}

// "py@latest", "py@default": which one that is the folders say.
static int is_named_version(struct engine *engine, const struct catalog_wish *wish,
                            const struct loaded_module *module)
{
    CLEANUP_FOUND struct catalog_found found = {0};
    return engine_find(engine, wish, &found) && strcmp(found.full, module->full) == 0;
}

// Whether it is the version that a wish says in another way than by its own name: a range, "@3.9:", "@latest".
static int is_version_of(struct engine *engine, const struct catalog_wish *wish,
                         const struct loaded_module *module)
{
    if (wish->how == CATALOG_BETWEEN)
        return in_range(loaded_version(module), wish);
    if (wish->how == CATALOG_LATEST)
        return is_named_version(engine, wish, module);
    return is_spec_of(wish->user, module) &&
           ((!str_ends(wish->user, "@latest") && !str_ends(wish->user, "@default")) ||
            is_named_version(engine, wish, module));
}

// Of a range, and of the newest, the name alone says nothing of the version.
static int is_plain(const struct catalog_wish *wish)
{
    return wish->how != CATALOG_BETWEEN && wish->how != CATALOG_LATEST;
}

int engine_is_loaded(struct engine *engine, const struct catalog_wish *wish)
{
    const struct loaded_module *module = engine_loaded(engine, wish);
    if (!module || module->status == LOADED_INACTIVE)
        return 0;
    int is_named = strcmp(wish->user, module->name) == 0 ||
                   strcmp(wish->user, module->user) == 0 ||
                   strcmp(wish->user, module->full) == 0;
    return (is_named && is_plain(wish)) || is_version_of(engine, wish, module);
}

static int has_its_own(const struct engine *engine)
{
    return engine->is_restoring && engine->frame && engine->mode == ENGINE_LOAD;
}

int engine_load_wishes(struct engine *engine, const struct catalog_wish *wish, size_t count,
                       int must)
{
    if (must)
        notes_add(engine, NOTES_NEEDS, wish, count, 0);
    if (has_its_own(engine))
        return 0;
    for (size_t i = 0; i < count; i++) {
        // what is forbidden is tried in vain
        int loaded =
            must || engine_is_there(engine, &wish[i]) ? engine_load_one(engine, &wish[i]) : 0;
        if (loaded < 0)
            return -1;
        if (!loaded && must)
            strv_add(&engine->missing, wish[i].user);
    }
    return 0;
}

int engine_unload_wishes(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    if (has_its_own(engine))
        return 0;
    for (size_t i = 0; i < count; i++) {
        const struct loaded_module *module = notes_find(engine, wish[i].user);
        if (module && engine_unload_one(engine, module->name) < 0)
            return -1;
    }
    return 0;
}

static int stop_depending(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct loaded_module *module = engine_loaded(engine, &wish[i]);
        if (!module)
            continue;
        long left = module->users >= 0 ? --module->users : 0;
        if (module->users < 0)
            module->users = -1;
        if (module->depth > 0 && left < 1 && engine_unload_one(engine, module->name) < 0)
            return -1;
    }
    return 0;
}

int engine_depend(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    if (engine->mode == ENGINE_UNLOAD)
        return stop_depending(engine, wish, count);
    notes_add(engine, NOTES_NEEDS, wish, count, 0);
    if (has_its_own(engine))
        return 0;
    // what was not there before the first of them is loaded, though that may have brought it
    CLEANUP_FREE char *asked = mem_zero(count + 1, 1);
    for (size_t i = 0; i < count; i++) {
        asked[i] = (char)!engine_is_loaded(engine, &wish[i]);
        if (!asked[i])
            trace_add(engine->trace, _("needs '%s', which is loaded"), wish[i].user);
    }
    for (size_t i = 0; i < count; i++)
        if (asked[i] && engine_load_wishes(engine, &wish[i], 1, 1) < 0)
            return -1;
    for (size_t i = 0; i < count; i++) {
        struct loaded_module *module = engine_loaded(engine, &wish[i]);
        if (module && module->depth > 0)
            module->users = (module->users < 0 ? 0 : module->users) + 1;
    }
    return 0;
}

int engine_check_conflict(struct engine *engine, const struct catalog_wish *wish, size_t count)
{
    CLEANUP_STR struct str list = {0};
    notes_add(engine, NOTES_CONFLICTS, wish, count, 0);
    for (size_t i = 0; i < count; i++) {
        const struct loaded_module *module = loaded_find(&engine->loaded, wish[i].user);
        int is_named = module && is_plain(&wish[i]) &&
                       (strcmp(wish[i].user, module->name) == 0 ||
                        strcmp(wish[i].user, module->full) == 0);
        if (module && module->status == LOADED_ACTIVE &&
            (is_named || is_version_of(engine, &wish[i], module)))
            str_print(&list, "%s%s", list.size ? " " : "", wish[i].user);
    }
    if (!list.size)
        return 0;
    err_set(&engine->err, ERR_MODULE, _("'%s' cannot be loaded beside '%s'"),
            engine->frame->full, list.text);
    return err_hint(&engine->err, "try", "module unload %s", list.text);
}

static int is_met(struct engine *engine, const struct catalog_wish *wish)
{
    const struct loaded_module *module = engine_loaded(engine, wish);
    if (!module || module->status == LOADED_INACTIVE)
        return 0;
    size_t size = strlen(wish->user);
    int is_named = strcmp(wish->user, module->name) == 0 ||
                   (strncmp(module->full, wish->user, size) == 0 &&
                    (!module->full[size] || module->full[size] == '/'));
    return (is_named && is_plain(wish)) || is_version_of(engine, wish, module);
}

// As a modulefile has it: between("zlib", "1.2", "<2").
static void add_wish(struct str *into, const struct catalog_wish *wish)
{
    str_add(into, into->size ? " " : "");
    if (is_plain(wish)) {
        str_add(into, wish->user);
        return;
    }
    int has_most = wish->most && *wish->most;
    str_print(into, "%s(\"%s\"",
              wish->how == CATALOG_LATEST ? "latest"
              : has_most                  ? "between"
                                          : "atleast",
              wish->user);
    if (wish->how == CATALOG_BETWEEN)
        str_print(into, ", \"%s\"", wish->least ? wish->least : "");
    if (wish->how == CATALOG_BETWEEN && has_most)
        str_print(into, ", \"%s\"", wish->most);
    str_add_char(into, ')');
}

// What can be typed for it: of a range the module that is meant, if there is one.
static void add_typed(struct engine *engine, struct str *into, const struct catalog_wish *wish)
{
    CLEANUP_FOUND struct catalog_found found = {0};
    const int is_found = !is_plain(wish) && engine_find(engine, wish, &found);
    str_print(into, "%s%s", into->size ? " " : "", is_found ? found.full : wish->user);
}

int engine_check_prereq(struct engine *engine, const struct catalog_wish *wish, size_t count,
                        int any)
{
    CLEANUP_STR struct str list = {0}, typed = {0};
    notes_add(engine, NOTES_NEEDS, wish, count, any);
    for (size_t i = 0; i < count; i++) {
        if (is_met(engine, &wish[i])) {
            if (any)
                return 0;
            continue;
        }
        add_wish(&list, &wish[i]);
        add_typed(engine, &typed, &wish[i]);
    }
    if (!list.size)
        return 0;
    if (any)
        err_set(&engine->err, ERR_MODULE, _("'%s' needs one of these loaded before it: %s"),
                engine->frame->full, list.text);
    else
        err_set(&engine->err, ERR_MODULE, _("'%s' needs these loaded before it: %s"),
                engine->frame->full, list.text);
    return err_hint(&engine->err, "try", "module load %s", typed.text);
}

static void set_vars_of(struct engine *engine, const char *prefix, const char *family,
                        const char *name, const char *version)
{
    CLEANUP_FREE char *upper = mem_print("%s_FAMILY_%s", prefix, family);
    for (char *at = upper + strlen(prefix); *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    CLEANUP_FREE char *with = mem_print("%s_VERSION", upper);
    if (name) {
        vars_set(&engine->vars, upper, name);
        vars_set(&engine->vars, with, version);
    } else {
        vars_unset(&engine->vars, upper);
        vars_unset(&engine->vars, with);
    }
}

// A site has its own name for them too, "TACC_FAMILY_COMPILER", by LMOD_SITE_NAME or its SitePackage.lua.
static void set_family_vars(struct engine *engine, const char *family, const char *name,
                            const char *version)
{
    CLEANUP_STR struct str site = {0};
    const char *said = vars_get(&engine->vars, "LMOD_SITE_NAME");
    set_vars_of(engine, "LMOD", family, name, version);
    if (!hooks_ask(engine, "SiteName", "", "", &site))
        str_add(&site, said ? said : "");
    if (site.size && strcmp(site.text, "LMOD") != 0)
        set_vars_of(engine, site.text, family, name, version);
}

void engine_push(struct engine *engine, const char *name, const char *value)
{
    const struct stack_change change = {.name = name,
                                        .value = value,
                                        .owner = engine->frame ? engine->frame->full : "",
                                        .noted = notes_are_kept(engine)};
    if (engine->mode == ENGINE_UNLOAD)
        stack_pop(&engine->vars, &change);
    else
        stack_push(&engine->vars, &change);
}

static int refuse_member(struct engine *engine, const char *family, const char *old)
{
    err_set(&engine->err, ERR_MODULE,
            _("'%s' is of the family '%s', of which '%s' is loaded: LMOD_AUTO_SWAP is 'no'"),
            engine->frame->full, family, old);
    return err_hint(&engine->err, "try", "module swap %s %s", old, engine->frame->full);
}

int engine_family(struct engine *engine, const char *family)
{
    const struct engine_frame *frame = engine->frame;
    if (engine->mode == ENGINE_UNLOAD) {
        set_family_vars(engine, family, NULL, NULL);
        loaded_set_family(&engine->loaded, family, NULL);
        return 0;
    }
    const char *old = loaded_family(&engine->loaded, family);
    if (old && strcmp(old, frame->name) != 0) {
        if (engine->rules.keeps_family)
            return refuse_member(engine, family, old);
        strv_add(&engine->families, old);
        strv_add(&engine->families, frame->name);
    }
    set_family_vars(engine, family, frame->name, frame->version);
    CLEANUP_FREE char *other_name = mem_print("al|%s", family);
    const struct catalog_wish is = {.user = other_name}, beside = {.user = family};
    notes_add(engine, NOTES_NAMES, &is, 1, 0);
    notes_add(engine, NOTES_CONFLICTS, &beside, 1, 0);
    loaded_set_family(&engine->loaded, family, frame->name);
    return 0;
}
