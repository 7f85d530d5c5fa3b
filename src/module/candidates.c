// SPDX-License-Identifier: Apache-2.0
#include "module/candidates.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/mem.h"
#include "module/order.h"
#include "module/spec.h"

#define META "M.*zfinal" // the weight of a file that has no version
enum { MAX_DEPTH = 16 };

static void free_one(struct candidate *candidate)
{
    free(candidate->version);
    free(candidate->file);
    free(candidate->order);
    free(candidate->weight);
}

void candidates_free(struct candidates *all)
{
    for (size_t i = 0; i < all->count; i++)
        free_one(&all->item[i]);
    free(all->item);
    free(all->name);
    free(all->version);
}

static char *join(const char *left, const char *right)
{
    size_t size = strlen(left), more = strlen(right);
    if (!size)
        return mem_dup(right);
    char *both = mem_alloc(size + more + 2);
    memcpy(both, left, size);
    both[size] = '/';
    memcpy(both + size + 1, right, more + 1);
    return both;
}

static int is_module(const struct catalog *catalog, struct folder_of_modules *folder,
                     struct folders_file *file)
{
    return (file->is_lua || !catalog->rules.lua_only) && folders_is_module(folder, file);
}

static int has_modules(struct catalog *catalog, struct folder_of_modules *folder, int depth)
{
    for (size_t i = 0; i < folder->files; i++)
        if (is_module(catalog, folder, &folder->file[i]))
            return 1;
    for (size_t i = 0; i < folder->folders.count && depth < MAX_DEPTH; i++) {
        CLEANUP_FREE char *path = join(folder->path, folder->folders.item[i]);
        CLEANUP_FREE char *name = join(folder->name, folder->folders.item[i]);
        struct folder_of_modules *below = folders_get(&catalog->folders, path, name, 1);
        if (has_modules(catalog, below, depth + 1))
            return 1;
    }
    return 0;
}

static int has_folders(struct catalog *catalog, struct folder_of_modules *folder)
{
    for (size_t i = 0; i < folder->folders.count; i++) {
        CLEANUP_FREE char *path = join(folder->path, folder->folders.item[i]);
        CLEANUP_FREE char *name = join(folder->name, folder->folders.item[i]);
        if (has_modules(catalog, folders_get(&catalog->folders, path, name, 1), 0))
            return 1;
    }
    return 0;
}

int candidates_is_group(struct catalog *catalog, struct folder_of_modules *folder)
{
    return !folder->specials && !folder->preferred && has_folders(catalog, folder);
}

static int is_visible(const struct catalog *catalog, const char *name, const char *full,
                      const char *file)
{
    if (*full == '.' || strstr(full, "/."))
        return 0;
    if (catalog_says(catalog, RC_HIDE, full, name, file))
        return 0;
    return !catalog->hides || !catalog->hides(catalog->hides_data, full, name, file);
}

static int is_default_in(const struct rc *rc, const char *name, const char *full)
{
    if (!rc->count)
        return 0;
    CLEANUP_FREE char *wanted = mem_print("%s/default", name);
    for (size_t i = 0; i < rc->count; i++)
        if (rc->item[i].kind == RC_VERSION && strcmp(rc->item[i].name, wanted) == 0 &&
            strcmp(rc->item[i].target, full) == 0)
            return 1;
    return 0;
}

// A mark takes the place of the first byte of the last part.
static void mark(char *weight, char by)
{
    char *slash = strrchr(weight, '/');
    *(slash ? slash + 1 : weight) = by;
}

// Whether it is asked for by its full name and may not be loaded: then that is told, though it is hidden.
static int is_refused(const struct candidates *all, const struct candidate *candidate,
                      const char *full, const char *name)
{
    return all->version && strcmp(all->version, candidate->version) == 0 &&
           catalog_says(all->catalog, RC_FORBID, full, name, candidate->file);
}

// Takes it into the list, unless it is hidden as if it were not there for who asks. name: NULL if it has no version.
static void settle(struct candidates *all, struct candidate candidate, const char *full,
                   const char *name)
{
    int is_hard = all->catalog->who.is &&
                  catalog_says(all->catalog, RC_HIDE_HARD, full, name, candidate.file);
    candidate.is_visible = !is_hard && is_visible(all->catalog, name, full, candidate.file);
    if (is_hard && !is_refused(all, &candidate, full, name)) {
        free_one(&candidate);
        return;
    }
    mem_room(&all->item, &all->room, all->count + 1, sizeof *all->item);
    all->item[all->count++] = candidate;
}

static void add_version(struct candidates *all, const struct folder_of_modules *folder,
                        const struct folders_file *file, const char *version,
                        const struct candidate *above)
{
    CLEANUP_FREE char *key = order_key(file->name);
    CLEANUP_FREE char *full = join(all->name, version);
    CLEANUP_FREE char *marked = mem_dup(key);
    CLEANUP_FREE char *upper = mem_dup(full);
    CLEANUP_FREE char *lua = file->is_lua ? mem_print("%s.lua", file->name) : NULL;
    const char *name = lua ? lua : file->name;
    *strrchr(upper, '/') = '\0';
    const char *preferred = folder->preferred;
    if (preferred && (strcmp(preferred, file->name) == 0 || strcmp(preferred, full) == 0))
        mark(marked, '^');
    struct candidate candidate = {
        .version = mem_dup(version),
        .file = join(folder->path, name),
        .order = join(above->order, key),
        .weight = join(above->weight, marked),
        .place = above->place,
    };
    if (is_default_in(&all->catalog->site, upper, full))
        mark(candidate.weight, 's');
    if (is_default_in(&all->catalog->user, upper, full))
        mark(candidate.weight, 'u');
    settle(all, candidate, full, all->name);
}

// The versions in a folder; `version` is its own part of them, above->order and weight the keys of
// that.
static void add_folder(struct candidates *all, struct folder_of_modules *folder,
                       const char *version, const struct candidate *above, int depth)
{
    for (size_t i = 0; i < folder->files; i++) {
        CLEANUP_FREE char *full = join(version, folder->file[i].name);
        if (is_module(all->catalog, folder, &folder->file[i]))
            add_version(all, folder, &folder->file[i], full, above);
    }
    for (size_t i = 0; i < folder->folders.count && depth < MAX_DEPTH; i++) {
        const char *name = folder->folders.item[i];
        CLEANUP_FREE char *path = join(folder->path, name), *below = join(folder->name, name);
        CLEANUP_FREE char *deeper = join(version, name), *key = order_key(name);
        if (str_ends(key, ".*zfinal"))
            key[strlen(key) - strlen(".*zfinal")] = '\0';
        CLEANUP_FREE char *marked = mem_dup(key), *full = join(all->name, deeper);
        const char *preferred = folder->preferred;
        if (preferred && (strcmp(preferred, name) == 0 || strcmp(preferred, full) == 0))
            mark(marked, '^');
        CLEANUP_FREE char *order = join(above->order, key),
                          *weight = join(above->weight, marked);
        struct candidate upper = {.order = order, .weight = weight, .place = above->place};
        size_t before = all->count;
        add_folder(all, folders_get(&all->catalog->folders, path, below, 1), deeper, &upper,
                   depth + 1);
        all->has_levels |= all->count > before;
    }
}

static void add_meta(struct candidates *all, const char *path, size_t place, int is_lua)
{
    struct candidate candidate = {
        .version = mem_dup(""),
        .file = mem_print("%s%s", path, is_lua ? ".lua" : ""),
        .order = mem_dup(META),
        .weight = mem_dup(META),
        .place = place,
    };
    settle(all, candidate, all->name, NULL);
}

// A file that is the module, without a version. Returns 1 with whether it is Lua.
static int is_meta(const struct catalog *catalog, const char *path, int *ret_lua)
{
    struct stat found;
    CLEANUP_FREE char *lua = mem_print("%s.lua", path);
    *ret_lua = stat(lua, &found) == 0 && S_ISREG(found.st_mode);
    if (*ret_lua)
        return 1;
    struct folder_of_modules folder = {.path = fs_folder(path)};
    struct folders_file file = {.name = (char *)fs_base(path)};
    int good =
        stat(path, &found) == 0 && S_ISREG(found.st_mode) && is_module(catalog, &folder, &file);
    free(folder.path);
    return good;
}

// How many bytes of `name` are the module's name in this folder of MODULEPATH; 0 if it has none
// so called. *ret_folder is NULL where a file is the module.
static size_t name_size(struct catalog *catalog, const char *top, const char *name,
                        struct folder_of_modules **ret_folder, int *ret_lua)
{
    struct folder_of_modules *folder = folders_get(&catalog->folders, top, "", 0);
    size_t size = 0;
    while (folder->is_there && name[size]) {
        const char *part = name + size + (size > 0);
        size = (size_t)(part - name) + strcspn(part, "/");
        CLEANUP_FREE char *below = mem_dupn(name, size), *path = join(top, below);
        struct folder_of_modules *next = folders_get(&catalog->folders, path, below, 1);
        if (next->is_there && !candidates_is_group(catalog, next) &&
            has_modules(catalog, next, 0)) {
            *ret_folder = next;
            return size;
        }
        if (!next->is_there || !next->folders.count) {
            *ret_folder = NULL;
            return !name[size] && is_meta(catalog, path, ret_lua) ? size : 0;
        }
        folder = next;
    }
    return 0;
}

// Where the version asked for begins with folders, only what is in those counts.
static void gather_folder(struct candidates *all, struct folder_of_modules *folder,
                          size_t place)
{
    char none[] = "";
    struct candidate above = {.order = none, .weight = none, .place = place};
    add_folder(all, folder, "", &above, 0);
}

// Modules of other names than their files: one of them may be all that there is of a name.
static void add_virtual(struct candidates *all, const struct rc_entry *entry, const char *name)
{
    const char *slash = strrchr(entry->name, '/');
    CLEANUP_FREE char *base =
        slash ? mem_dupn(entry->name, (size_t)(slash - entry->name)) : mem_dup(entry->name);
    int is_it = strcmp(entry->name, name) == 0;
    if (!all->name && (is_it || strcmp(base, name) == 0)) {
        all->name = mem_dup(base);
        all->version = is_it && slash ? mem_dup(slash + 1) : NULL;
    }
    if (!all->name || strcmp(all->name, base) != 0)
        return;
    struct candidate candidate = {
        .version = mem_dup(slash ? slash + 1 : ""),
        .file = mem_dup(entry->target),
        .order = slash ? order_key(slash + 1) : mem_dup(META),
        .weight = slash ? order_key(slash + 1) : mem_dup(META),
    };
    settle(all, candidate, entry->name, slash ? base : NULL);
}

static void add_virtuals(struct candidates *all, const struct strv *path, const char *name)
{
    const struct folders *folders = &all->catalog->folders;
    for (size_t i = 0; i < folders->rcs; i++) {
        const struct folder_of_modules *folder = folders->rc[i];
        int is_below = 0;
        for (size_t k = 0; k < path->count; k++)
            is_below |= str_starts(folder->path, path->item[k]);
        for (size_t k = 0; k < folder->rc.count && is_below; k++)
            if (folder->rc.item[k].kind == RC_VIRTUAL)
                add_virtual(all, &folder->rc.item[k], name);
    }
}

void candidates_gather(struct candidates *all, const struct strv *path, const char *name)
{
    size_t longest = 0;
    for (size_t i = 0; i < path->count; i++) {
        struct folder_of_modules *folder = NULL;
        int is_lua = 0;
        size_t size = name_size(all->catalog, path->item[i], name, &folder, &is_lua);
        longest = size > longest ? size : longest;
    }
    if (!longest) {
        add_virtuals(all, path, name);
        return;
    }
    all->name = mem_dupn(name, longest);
    all->version = name[longest] ? mem_dup(name + longest + 1) : NULL;
    for (size_t i = 0; i < path->count; i++) {
        struct folder_of_modules *folder = NULL;
        int is_lua = 0;
        if (name_size(all->catalog, path->item[i], name, &folder, &is_lua) != longest)
            continue;
        CLEANUP_FREE char *at = join(path->item[i], all->name);
        if (folder)
            gather_folder(all, folder, i);
        else
            add_meta(all, at, i, is_lua);
    }
    add_virtuals(all, path, name);
}

static int is_in(const char *version, const char *folder)
{
    size_t size = strlen(folder);
    return strncmp(version, folder, size) == 0 && version[size] == '/';
}

// Bounds are "3.9", or "<3.9", "3.9<" where it is itself not meant.
static int is_between(const char *order, const char *bound, int is_least)
{
    if (!bound || !*bound)
        return 1;
    CLEANUP_STR struct str version = {0};
    int open = 0;
    for (; *bound; bound++) {
        open |= *bound == '<';
        if (*bound != '<')
            str_add_char(&version, *bound);
    }
    CLEANUP_FREE char *key = order_key(str_text(&version));
    int compared = is_least ? strcmp(order, key) : strcmp(key, order);
    return open ? compared > 0 : compared >= 0;
}

static int is_marked(const char *weight)
{
    const char *slash = strrchr(weight, '/');
    char first = slash ? slash[1] : *weight;
    return first == '^' || first == 's' || first == 'u';
}

// The best of those of which `fits` says so.
static const struct candidate *best_of(const struct candidates *all,
                                       const struct catalog_wish *wish, const char *version,
                                       int (*fits)(const char *, const char *))
{
    const struct candidate *best = NULL;
    const int first_only = all->has_levels || all->catalog->rules.first_folder;
    for (size_t i = 0; i < all->count; i++) {
        const struct candidate *one = &all->item[i];
        if (first_only && one->place != all->item[0].place)
            break;
        if ((fits && !fits(one->version, version)) ||
            (!one->is_visible && !is_marked(one->weight)))
            continue;
        if (wish->how == CATALOG_BETWEEN &&
            (!is_between(one->order, wish->least, 1) || !is_between(one->order, wish->most, 0)))
            continue;
        if (wish->how == CATALOG_SPEC && !spec_fits(wish->least, one->version))
            continue;
        int by_order = wish->how == CATALOG_LATEST;
        if (!best || strcmp(by_order ? one->order : one->weight,
                            by_order ? best->order : best->weight) > 0)
            best = one;
    }
    return best;
}

// Where only full names count.
static const struct candidate *exactly(const struct candidates *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->item[i].version, all->version ? all->version : "") == 0)
            return &all->item[i];
    return NULL;
}

const struct candidate *candidates_choose(const struct candidates *all,
                                          const struct catalog_wish *wish)
{
    const struct catalog_rules *rules = &all->catalog->rules;
    const char *version = all->version;
    if (!all->count)
        return NULL;
    if (rules->exact && wish->how == CATALOG_MATCH)
        return exactly(all);
    if (wish->how != CATALOG_MATCH || !version || strcmp(version, "default") == 0) {
        for (size_t i = 0; version && i < all->count && wish->how == CATALOG_MATCH; i++)
            if (strcmp(all->item[i].version, version) == 0)
                return &all->item[i]; // a file that is called default
        return best_of(all, wish, NULL, NULL);
    }
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->item[i].version, version) == 0)
            return &all->item[i];
    const struct candidate *best = best_of(all, wish, version, is_in);
    return best || rules->whole_versions ? best : best_of(all, wish, version, spec_extends);
}

static int compare_newest(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    return strcmp(right->order, left->order);
}

void catalog_versions(struct catalog *catalog, const struct strv *path, const char *name,
                      struct strv *ret)
{
    struct candidates all = {.catalog = catalog};
    candidates_gather(&all, path, name);
    if (all.count)
        qsort(all.item, all.count, sizeof *all.item, compare_newest);
    for (size_t i = 0; all.name && strcmp(all.name, name) == 0 && i < all.count; i++)
        if (all.item[i].is_visible)
            strv_take(ret, *all.item[i].version ? join(all.name, all.item[i].version)
                                                : mem_dup(all.name));
    candidates_free(&all);
}
