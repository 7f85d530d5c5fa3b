// SPDX-License-Identifier: Apache-2.0
#include "spider/lmodcache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "module/luatable.h"

enum {
    MAX_RC = 1 << 20,
    MAX_CACHE = 256 << 20,
    MAX_NESTED = 16, // folders in folders
    ANCIENT = 86400, // seconds; Lmod's LMOD_ANCIENT_TIME
};
#define SECOND_NS 1000000000LL

// A list of fileT and, of folders in it, dirT.
static void add_files(struct lmodcache *cache, const struct luatable *name, int64_t stamp_ns,
                      int depth)
{
    const struct luatable *files = luatable_get(name, "fileT");
    const struct luatable *folders = luatable_get(name, "dirT");
    for (size_t i = 0; files && i < files->count; i++) {
        const char *path = luatable_text(&files->item[i], "fn");
        if (!path || table_get(&cache->files, path))
            continue;
        mem_room(&cache->entry, &cache->room, cache->count + 1, sizeof *cache->entry);
        cache->entry[cache->count++] = (struct lmodcache_entry){&files->item[i], stamp_ns};
        *table_put(&cache->files, path, NULL) = cache->count;
    }
    for (size_t i = 0; folders && i < folders->count && depth < MAX_NESTED; i++)
        add_files(cache, &folders->item[i], stamp_ns, depth + 1);
}

static void add_folders(struct lmodcache *cache, const struct luatable *spider,
                        int64_t stamp_ns)
{
    for (size_t i = 0; spider && i < spider->count; i++) {
        const struct luatable *folder = &spider->item[i];
        if (folder->kind == LUATABLE_TABLE && folder->key && *folder->key == '/')
            for (size_t k = 0; k < folder->count; k++)
                add_files(cache, &folder->item[k], stamp_ns, 0);
    }
}

// mpathMapT: of each folder that is added, who does and where that is.
static void add_leads(struct lmodcache *cache, struct arena *arena, const struct luatable *map)
{
    for (size_t i = 0; map && i < map->count; i++)
        for (size_t k = 0; k < map->item[i].count; k++) {
            const struct luatable *adder = &map->item[i].item[k];
            if (adder->kind != LUATABLE_STRING || !adder->key)
                continue;
            CLEANUP_FREE char *path = mem_print("%s/%s", adder->text, adder->key);
            table_put(&cache->leads, arena_dup(arena, path), NULL);
        }
}

// Lmod believes one that is as new as its timestamp, and without one that of today.
static int64_t stamp_of(const struct stat *file, const char *timestamp, const struct vars *vars)
{
    struct stat found;
    int64_t changed_ns = clock_ns(file->st_mtim);
    if (timestamp && stat(timestamp, &found) == 0) {
        int64_t stamp_ns = clock_ns(found.st_mtim);
        return changed_ns / SECOND_NS < stamp_ns / SECOND_NS ? 0
               : stamp_ns < changed_ns                       ? stamp_ns
                                                             : changed_ns;
    }
    const char *said = vars_get(vars, "LMOD_ANCIENT_TIME");
    long long most = said && *said ? strtoll(said, NULL, 10) : ANCIENT;
    return clock_wall_us() * 1000 - changed_ns > most * SECOND_NS ? 0 : changed_ns;
}

static void read_cache(struct lmodcache *cache, struct arena *arena, const char *folder,
                       const char *timestamp, const struct vars *vars)
{
    CLEANUP_STR struct str text = {0};
    struct err err = {0};
    struct stat found;
    CLEANUP_FREE char *path = mem_print("%s/spiderT.lua", folder);
    if (stat(path, &found) < 0 || !S_ISREG(found.st_mode))
        return;
    int64_t stamp_ns = stamp_of(&found, timestamp, vars);
    if (!stamp_ns || fs_read(AT_FDCWD, path, MAX_CACHE, &text, &err) < 0)
        return;
    static const char *const names[] = {"spiderT", "mpathMapT", NULL};
    const struct luatable *table[2] = {NULL, NULL};
    if (luatable_read_all(arena, str_text(&text), text.size, names, table, &err) < 0 ||
        !table[0])
        return;
    add_folders(cache, table[0], stamp_ns);
    add_leads(cache, arena, table[1]);
}

// scDescriptT = { {["dir"] = FOLDER, ["timestamp"] = FILE or false}, ... }
static void read_rc(struct lmodcache *cache, struct arena *arena, const char *path,
                    const struct vars *vars)
{
    CLEANUP_STR struct str text = {0};
    struct err err = {0};
    static const char *const names[] = {"scDescriptT", NULL};
    const struct luatable *list = NULL;
    if (fs_read(AT_FDCWD, path, MAX_RC, &text, &err) < 0 ||
        luatable_read_all(arena, str_text(&text), text.size, names, &list, &err) < 0)
        return;
    for (size_t i = 0; list && i < list->count; i++) {
        const char *folder = luatable_text(&list->item[i], "dir");
        if (folder && *folder == '/')
            read_cache(cache, arena, folder, luatable_text(&list->item[i], "timestamp"), vars);
    }
}

// Where Lmod looks for lmodrc.lua, the last first: it counts.
static void add_rcs(const struct vars *vars, struct strv *into)
{
    const char *more = vars_get(vars, "LMOD_RC"), *home = vars_get(vars, "HOME");
    const char *config = vars_get(vars, "LMOD_CONFIG_DIR"), *lmod = vars_get(vars, "LMOD_CMD");
    if (more)
        strv_split(into, more, ':');
    if (home && *home)
        strv_take(into, mem_print("%s/.lmodrc.lua", home));
    strv_add(into, "/etc/lmodrc.lua");
    strv_take(into, mem_print("%s/lmodrc.lua", config && *config ? config : "/etc/lmod"));
    if (lmod && *lmod == '/') {
        CLEANUP_FREE char *folder = fs_folder(lmod);
        strv_take(into, mem_print("%s/../../etc/lmodrc.lua", folder));
        strv_take(into, mem_print("%s/../init/lmodrc.lua", folder));
    }
}

void lmodcache_open(struct lmodcache *cache, struct arena *arena, const struct vars *vars)
{
    if (cache->is_open)
        return;
    cache->is_open = 1;
    CLEANUP_STRV struct strv folders = {0}, rcs = {0};
    const char *said = vars_get(vars, "LMOD_SPIDER_CACHE_DIRS");
    strv_split(&folders, said ? said : "", ':');
    for (size_t i = 0; i < folders.count; i++)
        if (*folders.item[i] == '/')
            read_cache(cache, arena, folders.item[i], NULL, vars);
    add_rcs(vars, &rcs);
    for (size_t i = 0; i < rcs.count; i++)
        if (*rcs.item[i] == '/')
            read_rc(cache, arena, rcs.item[i], vars);
}

void lmodcache_close(struct lmodcache *cache)
{
    free(cache->entry);
    table_free(&cache->files);
    table_free(&cache->leads);
    *cache = (struct lmodcache){0};
}

static struct texts texts_in(struct arena *arena, const struct luatable *list)
{
    CLEANUP_STRV struct strv texts = {0};
    for (size_t i = 0; list && i < list->count; i++)
        if (list->item[i].kind == LUATABLE_STRING)
            strv_add(&texts, list->item[i].text);
    return texts_of(arena, &texts);
}

// propT = { lmod = { sticky = 1 } }
static struct texts marks_in(struct arena *arena, const struct luatable *properties)
{
    CLEANUP_STRV struct strv marks = {0};
    for (size_t i = 0; properties && i < properties->count; i++) {
        const struct luatable *one = &properties->item[i];
        for (size_t k = 0; one->key && k < one->count; k++)
            if (one->item[k].key)
                strv_take(&marks, mem_print("%s\t%s", one->key, one->item[k].key));
    }
    return texts_of(arena, &marks);
}

int lmodcache_take(const struct lmodcache *cache, struct arena *arena,
                   struct spider_module *module, int64_t folder_changed_ns)
{
    CLEANUP_FREE char *file = spider_file(module);
    const uint64_t *place = table_get(&cache->files, file);
    if (!place || !folder_changed_ns)
        return 0;
    CLEANUP_FREE char *plain = mem_print("%s/%s", module->folder->path, module->full);
    const struct lmodcache_entry *entry = &cache->entry[*place - 1];
    if (folder_changed_ns >= entry->stamp_ns || table_get(&cache->leads, plain))
        return 0;
    const char *family = luatable_text(entry->said, "family");
    module->whatis = texts_in(arena, luatable_get(entry->said, "whatis"));
    module->extensions = texts_in(arena, luatable_get(entry->said, "provides"));
    module->marks = marks_in(arena, luatable_get(entry->said, "propT"));
    module->family = family ? arena_dup(arena, family) : NULL;
    module->changed_ns = 0; // about to be shown it is evaluated
    module->is_known = 1;
    return 1;
}
