// SPDX-License-Identifier: Apache-2.0
#include "module/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"
#include "module/candidates.h"
#include "module/order.h"
#include "module/spec.h"

enum { MAX_ALIASES = 32 };

void catalog_found_free(struct catalog_found *found)
{
    free(found->name);
    free(found->version);
    free(found->full);
    free(found->file);
    free(found->key);
    free(found->user);
    *found = (struct catalog_found){0};
}

void catalog_free(struct catalog *catalog)
{
    folders_free(&catalog->folders);
    rc_free(&catalog->site);
    rc_free(&catalog->user);
}

const struct rc *catalog_rc(const struct catalog *catalog, size_t which)
{
    return which == 0                         ? &catalog->site
           : which == 1                       ? &catalog->user
           : which - 2 < catalog->folders.rcs ? &catalog->folders.rc[which - 2]->rc
                                              : NULL;
}

static const struct rc_entry *says(const struct catalog *catalog, const struct rc *rc,
                                   enum rc_kind kind, const char *full, const char *name,
                                   const char *file)
{
    for (size_t i = 0; i < rc->count; i++)
        if (rc->item[i].kind == kind && rc_is_about(&rc->item[i], full, name, file) &&
            rc_when_holds(rc->item[i].when, &catalog->who))
            return &rc->item[i];
    return NULL;
}

const struct rc_entry *catalog_says(const struct catalog *catalog, enum rc_kind kind,
                                    const char *full, const char *name, const char *file)
{
    const struct rc *rc;
    const struct rc_entry *found = NULL;
    for (size_t i = 0; !found && (rc = catalog_rc(catalog, i)); i++)
        found = says(catalog, rc, kind, full, name, file);
    return found;
}

// Of several the one that is nearest.
static void near(const struct catalog *catalog, const struct rc *rc, enum rc_kind kind,
                 const struct catalog_found *found, unsigned long days, int64_t *time,
                 const struct rc_entry **entry)
{
    const char *name = *found->version ? found->name : NULL;
    for (size_t i = 0; i < rc->count; i++) {
        if (rc->item[i].kind != kind ||
            !rc_is_about(&rc->item[i], found->full, name, found->file))
            continue;
        int64_t from = rc_when_nears(rc->item[i].when, &catalog->who, days);
        if (!from || (*entry && *time <= from))
            continue;
        *time = from;
        *entry = &rc->item[i];
    }
}

const struct rc_entry *catalog_nears(const struct catalog *catalog, enum rc_kind kind,
                                     const struct catalog_found *found, unsigned long days,
                                     int64_t *ret_time)
{
    const struct rc *rc;
    const struct rc_entry *entry = NULL;
    for (size_t i = 0; (rc = catalog_rc(catalog, i)); i++)
        near(catalog, rc, kind, found, days, ret_time, &entry);
    return entry;
}

static void add_tags(const struct catalog *catalog, const struct rc *rc,
                     const struct catalog_found *found, struct strv *into)
{
    const char *name = *found->version ? found->name : NULL;
    for (size_t i = 0; i < rc->count; i++)
        if (rc->item[i].kind == RC_TAG &&
            rc_is_about(&rc->item[i], found->full, name, found->file) &&
            rc_when_holds(rc->item[i].when, &catalog->who))
            strv_add(into, rc->item[i].name);
}

void catalog_tags(const struct catalog *catalog, const struct catalog_found *found,
                  struct strv *into)
{
    const struct rc *rc;
    for (size_t i = 0; (rc = catalog_rc(catalog, i)); i++)
        add_tags(catalog, rc, found, into);
}

static const char *alias_in(const struct rc *rc, enum rc_kind kind, const char *name)
{
    for (size_t i = rc->count; i-- > 0;)
        if (rc->item[i].kind == kind && strcmp(rc->item[i].name, name) == 0 &&
            !str_ends(name, "/default"))
            return rc->item[i].target;
    return NULL;
}

// What a name is in the files of those folders that were read until now.
static const char *alias_of(const struct catalog *catalog, enum rc_kind kind, const char *name)
{
    const char *target = alias_in(&catalog->user, kind, name);
    if (!target)
        target = alias_in(&catalog->site, kind, name);
    for (size_t i = 0; i < catalog->folders.rcs && !target; i++)
        target = alias_in(&catalog->folders.rc[i]->rc, kind, name);
    return target;
}

// Reads the rc files of the folders on the way to a name.
static void read_way(struct catalog *catalog, const struct strv *path, const char *name)
{
    for (size_t i = 0; i < path->count; i++) {
        struct folder_of_modules *folder = folders_get(&catalog->folders, path->item[i], "", 0);
        for (const char *at = name; folder->is_there && at && *at;) {
            at = strchr(at, '/');
            CLEANUP_FREE char *below = at ? mem_dupn(name, (size_t)(at - name)) : mem_dup(name);
            CLEANUP_FREE char *full = mem_print("%s/%s", path->item[i], below);
            folder = folders_get(&catalog->folders, full, below, 1);
            at = at ? at + 1 : NULL;
        }
    }
}

char *catalog_resolve(struct catalog *catalog, const struct strv *path, const char *name)
{
    char *now = mem_dup(name);
    for (int i = 0; i < MAX_ALIASES; i++) {
        read_way(catalog, path, now);
        const char *target = alias_of(catalog, RC_ALIAS, now);
        if (!target)
            target = alias_of(catalog, RC_VERSION, now);
        if (!target || strcmp(target, now) == 0)
            break;
        trace_add(catalog->folders.trace, _("'%s' is another name of '%s'"), now, target);
        char *next = mem_dup(target);
        free(now);
        now = next;
    }
    return now;
}

// Without white space, '/' at the end and ".lua".
static char *clean(const char *user)
{
    while (*user && strchr(" \t\n", *user))
        user++;
    size_t size = strlen(user);
    while (size && strchr(" \t\n/", user[size - 1]))
        size--;
    if (size > 4 && strncmp(user + size - 4, ".lua", 4) == 0)
        size -= 4;
    return mem_dupn(user, size);
}

// No name leaves the folders of MODULEPATH.
static int is_name(const char *name)
{
    if (!*name || *name == '/')
        return 0;
    for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
        if (str_starts(at, "../") || strcmp(at, "..") == 0)
            return 0;
    return 1;
}

// Why it is this one of all.
static const char *reason(const struct candidates *all, const struct candidate *best)
{
    const char *slash = strrchr(best->weight, '/');
    char mark = slash ? slash[1] : *best->weight;
    if (all->count == 1)
        return _("the only one");
    if (all->version && strcmp(all->version, best->version) == 0)
        return _("of that very name");
    return mark == 'u'   ? _("the default of ~/.modulerc")
           : mark == 's' ? _("the default of MODULERCFILE")
           : mark == '^' ? _("the default of its folder")
                         : _("the newest that fits");
}

static int find_once(struct catalog *catalog, const struct strv *path,
                     const struct catalog_wish *wish, const char *name,
                     struct catalog_found *ret)
{
    struct candidates all = {.catalog = catalog};
    candidates_gather(&all, path, name);
    const struct candidate *best = candidates_choose(&all, wish);
    if (best && trace_is_on(catalog->folders.trace))
        trace_add(catalog->folders.trace, _("'%s' is %s: %s (of %zu)"), name, best->file,
                  reason(&all, best), all.count);
    if (best) {
        *ret = (struct catalog_found){
            .name = mem_dup(all.name),
            .version = mem_dup(best->version),
            .full = *best->version ? mem_print("%s/%s", all.name, best->version)
                                   : mem_dup(all.name),
            .file = mem_dup(best->file),
            .key = mem_dup(best->weight),
        };
        ret->user = wish->how == CATALOG_MATCH ? mem_dup(name) : mem_dup(ret->full);
    }
    int found = best != NULL;
    candidates_free(&all);
    return found;
}

// Files in any folder may give a name to a module of any other: they are read only for a name that
// nothing else explains.
static void read_all(struct catalog *catalog, const struct strv *path)
{
    for (size_t i = 0; i < path->count; i++) {
        const struct folder_of_modules *top =
            folders_get(&catalog->folders, path->item[i], "", 1);
        for (size_t k = 0; k < top->folders.count; k++) {
            CLEANUP_FREE char *full = mem_print("%s/%s", path->item[i], top->folders.item[k]);
            folders_get(&catalog->folders, full, top->folders.item[k], 0);
        }
    }
}

// "py@3.9:" where nothing has that very name.
static int find_spec(struct catalog *catalog, const struct strv *path,
                     const struct catalog_wish *wish, const char *user,
                     struct catalog_found *ret)
{
    CLEANUP_FREE char *name = spec_name(user);
    if (!name)
        return 0;
    const char *versions = spec_versions(user);
    struct catalog_wish asked = {.user = name, .how = wish->how};
    CLEANUP_FREE char *full = NULL;
    if (strcmp(versions, "latest") == 0) {
        asked.how = CATALOG_LATEST;
    } else if (spec_is_list(versions)) {
        asked.how = CATALOG_SPEC;
        asked.least = versions;
    } else if (*versions) {
        asked.user = full = mem_print("%s/%s", name, versions);
    }
    return catalog_find(catalog, path, &asked, ret);
}

int catalog_find(struct catalog *catalog, const struct strv *path,
                 const struct catalog_wish *wish, struct catalog_found *ret)
{
    *ret = (struct catalog_found){0};
    CLEANUP_FREE char *user = clean(wish->user);
    if (!is_name(user))
        return 0;
    CLEANUP_FREE char *name = catalog_resolve(catalog, path, user);
    if (is_name(name) && (find_once(catalog, path, wish, name, ret) ||
                          find_spec(catalog, path, wish, name, ret)))
        return 1;
    trace_add(catalog->folders.trace,
              _("'%s' is in no folder of MODULEPATH: other names of modules are "
                "looked at"),
              name);
    read_all(catalog, path);
    CLEANUP_FREE char *other = catalog_resolve(catalog, path, name);
    return strcmp(name, other) != 0 && is_name(other) &&
           find_once(catalog, path, wish, other, ret);
}

void catalog_list_free(struct catalog_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->item[i].name);
        free(list->item[i].full);
        free(list->item[i].file);
        free(list->item[i].order);
        free(list->item[i].weight);
        strv_free(&list->item[i].also);
    }
    free(list->item);
    free(list->folder);
    *list = (struct catalog_list){0};
}

static void add_other_names(const struct rc *rc, struct catalog_module *module)
{
    for (size_t i = 0; i < rc->count; i++)
        if (rc->item[i].kind == RC_VERSION && strcmp(rc->item[i].target, module->full) == 0 &&
            !str_ends(rc->item[i].name, "/default"))
            strv_add(&module->also, rc->item[i].name);
}

static void add_module(struct catalog *catalog, struct catalog_list *list, const char *name,
                       struct candidate *candidate)
{
    mem_room(&list->item, &list->room, list->count + 1, sizeof *list->item);
    struct catalog_module *module = &list->item[list->count++];
    *module = (struct catalog_module){
        .name = mem_dup(name),
        .full =
            *candidate->version ? mem_print("%s/%s", name, candidate->version) : mem_dup(name),
        .file = TAKE(candidate->file),
        .order = TAKE(candidate->order),
        .weight = TAKE(candidate->weight),
        .is_hidden = !candidate->is_visible,
    };
    const char *bare = *candidate->version ? name : NULL;
    if (catalog_says(catalog, RC_HIDE_SOFT, module->full, bare, module->file))
        module->is_hidden = 1;
    for (size_t i = 0; i < catalog->folders.rcs; i++)
        add_other_names(&catalog->folders.rc[i]->rc, module);
}

static void add_all(struct catalog *catalog, struct catalog_list *list, const char *name)
{
    struct candidates all = {.catalog = catalog};
    CLEANUP_STRV struct strv path = {0};
    strv_add(&path, list->folder);
    candidates_gather(&all, &path, name);
    for (size_t i = 0; all.name && i < all.count; i++)
        add_module(catalog, list, all.name, &all.item[i]);
    candidates_free(&all);
}

// Folders of folders have names within names: "compilers/gcc".
static void list_below(struct catalog *catalog, struct catalog_list *list, const char *path,
                       const char *below)
{
    struct folder_of_modules *folder = folders_get(&catalog->folders, path, below, 1);
    for (size_t i = 0; i < folder->files; i++) {
        CLEANUP_FREE char *name =
            mem_print("%s%s%s", below, *below ? "/" : "", folder->file[i].name);
        add_all(catalog, list, name);
    }
    for (size_t i = 0; i < folder->folders.count; i++) {
        CLEANUP_FREE char *name =
            mem_print("%s%s%s", below, *below ? "/" : "", folder->folders.item[i]);
        CLEANUP_FREE char *deeper = mem_print("%s/%s", path, folder->folders.item[i]);
        struct folder_of_modules *other = folders_get(&catalog->folders, deeper, name, 1);
        if (candidates_is_group(catalog, other))
            list_below(catalog, list, deeper, name);
        else
            add_all(catalog, list, name);
    }
}

static int has_name(const struct catalog_list *list, const char *name, size_t size)
{
    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->item[i].name, name, size) == 0 && !list->item[i].name[size])
            return 1;
    return 0;
}

// Of names that have no file at all.
static void list_virtual(struct catalog *catalog, struct catalog_list *list)
{
    for (size_t i = 0; i < catalog->folders.rcs; i++) {
        const struct folder_of_modules *folder = catalog->folders.rc[i];
        for (size_t k = 0; k < folder->rc.count; k++) {
            const struct rc_entry *entry = &folder->rc.item[k];
            const char *slash = strrchr(entry->name, '/');
            size_t size = slash ? (size_t)(slash - entry->name) : strlen(entry->name);
            if (entry->kind != RC_VIRTUAL || has_name(list, entry->name, size))
                continue;
            CLEANUP_FREE char *name = mem_dupn(entry->name, size);
            add_all(catalog, list, name);
        }
    }
}

static int compare(const void *a, const void *b)
{
    const struct catalog_module *left = a, *right = b;
    int by_name = strcmp(left->name, right->name);
    return by_name ? by_name : strcmp(left->order, right->order);
}

void catalog_list(struct catalog *catalog, const char *folder, struct catalog_list *ret)
{
    *ret = (struct catalog_list){.folder = mem_dup(folder)};
    list_below(catalog, ret, folder, "");
    list_virtual(catalog, ret);
    if (ret->count)
        qsort(ret->item, ret->count, sizeof *ret->item, compare);
}

// Whether the modules of a name have a default in this of the folders. firsts: name -> the first folder that has it.
static int has_defaults(const struct catalog *catalog, struct table *firsts, const char *name,
                        size_t folder)
{
    int is_new = 0;
    if (!catalog->rules.first_folder)
        return !catalog->rules.exact;
    uint64_t *first = table_put(firsts, name, &is_new);
    if (is_new)
        *first = folder;
    return *first == folder && !catalog->rules.exact;
}

// Of each name the first that weighs most.
void catalog_mark_defaults(const struct catalog *catalog, struct catalog_list *lists,
                           size_t count)
{
    CLEANUP_TABLE struct table places = {0}, folders = {0};
    struct catalog_module **best = NULL;
    size_t names = 0, room = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i].count; k++) {
            struct catalog_module *module = &lists[i].item[k];
            int is_new = 0;
            if (module->is_hidden || !has_defaults(catalog, &folders, module->name, i))
                continue;
            uint64_t *place = table_put(&places, module->name, &is_new);
            if (is_new) {
                mem_room(&best, &room, names + 1, sizeof *best);
                *place = names;
                module->is_alone = 1;
                best[names++] = module;
                continue;
            }
            module->is_default = 1; // one of several, until the best is known
            best[*place]->is_default = 1;
            best[*place]->is_alone = 0;
            if (strcmp(module->weight, best[*place]->weight) > 0)
                best[*place] = module;
        }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i].count; k++) {
            struct catalog_module *module = &lists[i].item[k];
            if (module->is_default)
                module->is_default = best[*table_get(&places, module->name)] == module;
        }
    free(best);
}
