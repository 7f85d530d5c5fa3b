// SPDX-License-Identifier: Apache-2.0
#include "spider/folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"

static int is_rc(const char *path)
{
    const char *base = fs_base(path);
    return *base == '.' && (strcmp(base, ".modulerc") == 0 || strcmp(base, ".version") == 0 ||
                            strcmp(base, ".modulerc.lua") == 0);
}

int folder_is_current(const struct spider_folder *old)
{
    CLEANUP_CLOSE int fd = open(old->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < old->places; i++) {
        const struct spider_place *place = &old->place[i];
        struct stat found;
        if (is_rc(place->path)) // one that was made or removed changed its folder
            continue;
        if (!place->changed_ns || fd < 0 ||
            fstatat(fd, place->path, &found, *place->path ? 0 : AT_EMPTY_PATH) < 0 ||
            clock_ns(found.st_mtim) != place->changed_ns || found.st_ino != place->inode)
            return 0;
    }
    return old->places > 0;
}

static void own(struct spider_folder *folder)
{
    for (size_t i = 0; i < folder->modules; i++)
        folder->module[i].folder = folder;
}

void folder_move(struct spider_folder *folder, struct spider_folder *old)
{
    folder->place = old->place;
    folder->places = old->places;
    folder->rc = old->rc;
    folder->rcs = old->rcs;
    folder->module = old->module;
    folder->modules = old->modules;
    own(folder);
}

static void build_module(struct arena *arena, struct spider_module *module,
                         const struct catalog_module *from)
{
    *module = (struct spider_module){
        .name = arena_dup(arena, from->name),
        .full = arena_dup(arena, from->full),
        .is_lua = str_ends(from->file, ".lua"),
        .order = arena_dup(arena, from->order),
        .also = texts_of(arena, &from->also),
        .version = "",
    };
    size_t size = strlen(module->name);
    if (module->full[size] == '/')
        module->version = module->full + size + 1;
}

void folder_build(struct arena *arena, struct spider_folder *folder,
                  const struct listing *listing)
{
    const struct catalog_list *list = &listing->list;
    const struct rc *rc = &listing->rc;
    folder->module = arena_alloc(arena, (list->count + 1) * sizeof *folder->module);
    folder->place = arena_alloc(arena, (listing->places + 1) * sizeof *folder->place);
    folder->rc = arena_alloc(arena, (rc->count + 1) * sizeof *folder->rc);
    for (size_t i = 0; i < list->count; i++)
        build_module(arena, &folder->module[i], &list->item[i]);
    for (size_t i = 0; i < listing->places; i++) {
        folder->place[i] = listing->place[i];
        const char *below = listing->place[i].path + strlen(folder->path);
        folder->place[i].path = arena_dup(arena, below + (*below == '/'));
    }
    for (size_t i = 0; i < rc->count; i++)
        folder->rc[i] = (struct rc_entry){.kind = rc->item[i].kind,
                                          .name = arena_dup(arena, rc->item[i].name),
                                          .target = arena_dup(arena, rc->item[i].target),
                                          .when = arena_dup(arena, rc->item[i].when)};
    folder->modules = list->count;
    folder->places = listing->places;
    folder->rcs = rc->count;
    own(folder);
}

char *spider_file(const struct spider_module *module)
{
    return mem_print("%s/%s%s", module->folder->path, module->full,
                     module->is_lua ? ".lua" : "");
}

int folder_is_same(const struct spider_module *module)
{
    struct stat found;
    CLEANUP_FREE char *file = spider_file(module);
    return module->changed_ns && stat(file, &found) == 0 &&
           clock_ns(found.st_mtim) == module->changed_ns && found.st_size == module->size;
}

int folder_rc_changed(const struct spider_module *module)
{
    const struct spider_folder *folder = module->folder;
    for (size_t i = 0; i < folder->places; i++) {
        const struct spider_place *place = &folder->place[i];
        struct stat found;
        size_t size = strlen(place->path) - strlen(fs_base(place->path));
        if (!is_rc(place->path) || strncmp(place->path, module->full, size) != 0)
            continue;
        CLEANUP_FREE char *path = mem_print("%s/%s", folder->path, place->path);
        if (!place->changed_ns || stat(path, &found) < 0 ||
            clock_ns(found.st_mtim) != place->changed_ns ||
            (uint64_t)found.st_size != place->inode)
            return 1;
    }
    return 0;
}

void folder_reuse(struct spider_folder *folder, const struct spider_folder *old)
{
    CLEANUP_TABLE struct table names = {0};
    for (size_t i = 0; i < old->modules; i++)
        *table_put(&names, old->module[i].full, NULL) = i + 1;
    for (size_t i = 0; i < folder->modules; i++) {
        struct spider_module *module = &folder->module[i];
        const uint64_t *at = table_get(&names, module->full);
        const struct spider_module *before = at ? &old->module[*at - 1] : NULL;
        if (!before || before->is_lua != module->is_lua ||
            strcmp(before->name, module->name) != 0 || !folder_is_same(before))
            continue;
        struct texts also = module->also;
        const char *order = module->order;
        *module = *before;
        module->also = also;
        module->order = order;
        module->folder = folder;
    }
}

int folder_holds(const struct spider_module *module, const struct vars *vars)
{
    const char *question = module->asked.first;
    if (module->is_open)
        return 0;
    for (size_t i = 0; i < module->asked.count; i++, question = texts_next(question))
        if (!gather_holds(question, vars))
            return 0;
    return 1;
}

void folder_take(struct arena *arena, struct spider_module *module,
                 const struct gathered *gathered, int64_t changed_ns, int64_t size)
{
    module->whatis = texts_of(arena, &gathered->whatis);
    module->extensions = texts_of(arena, &gathered->extensions);
    module->paths = texts_of(arena, &gathered->paths);
    module->marks = texts_of(arena, &gathered->marks);
    module->asked = texts_of(arena, &gathered->asked);
    module->help = gathered->help.size ? arena_dup(arena, gathered->help.text) : NULL;
    module->family = gathered->family ? arena_dup(arena, gathered->family) : NULL;
    module->is_open = gathered->is_open;
    module->changed_ns = changed_ns;
    module->size = size;
    module->is_known = 1;
}

void folder_take_alone(void *data)
{
    struct batch *batch = data;
    folder_take(&batch->spider->arena, batch->module[0], &batch->gathered[0],
                batch->stamp[0].changed_ns, batch->stamp[0].size);
    batch_free(batch);
}

struct hidden {
    struct table names;           // name, full name or file: 1 + how it is hidden
    const struct rc_entry **spec; // "py@:3.8"
    size_t specs, room;
};

static void add_hidden(struct hidden *hidden, const struct spider *spider,
                       const struct rc_entry *rc, size_t count)
{
    static const struct rc_who nobody = {0};
    const struct rc_who *who = spider->ask.who ? spider->ask.who : &nobody;
    for (size_t i = 0; i < count; i++) {
        int is_hard = rc[i].kind == RC_HIDE_HARD;
        if ((!is_hard && rc[i].kind != RC_HIDE && rc[i].kind != RC_HIDE_SOFT) ||
            !rc_when_holds(rc[i].when, who))
            continue;
        if (strchr(rc[i].target, '@')) {
            mem_room(&hidden->spec, &hidden->room, hidden->specs + 1, sizeof *hidden->spec);
            hidden->spec[hidden->specs++] = &rc[i];
        }
        uint64_t *place = table_put(&hidden->names, rc[i].target, NULL);
        if (*place < (uint64_t)is_hard + 1)
            *place = (uint64_t)is_hard + 1;
    }
}

static int how_hidden(const struct hidden *hidden, const struct spider_module *module)
{
    CLEANUP_FREE char *file = spider_file(module);
    CLEANUP_FREE char *bare = mem_dupn(file, strlen(file) - (module->is_lua ? 4 : 0));
    const char *name = *module->version ? module->name : NULL;
    const char *names[] = {module->full, file, bare, name};
    uint64_t most = 0;
    for (size_t i = 0; i < COUNT(names); i++) {
        const uint64_t *place = names[i] ? table_get(&hidden->names, names[i]) : NULL;
        if (place && *place > most)
            most = *place;
    }
    for (size_t i = 0; i < hidden->specs; i++) {
        uint64_t how = hidden->spec[i]->kind == RC_HIDE_HARD ? 2 : 1;
        if (how > most && rc_is_about(hidden->spec[i], module->full, name, file))
            most = how;
    }
    return (int)most;
}

static int forbids(const struct spider *spider, const struct rc_entry *rc, size_t count,
                   const struct spider_module *module, const char *file)
{
    static const struct rc_who nobody = {0};
    const struct rc_who *who = spider->ask.who ? spider->ask.who : &nobody;
    const char *name = *module->version ? module->name : NULL;
    int found = 0;
    for (size_t i = 0; i < count && !found; i++)
        found = rc[i].kind == RC_FORBID && rc_is_about(&rc[i], module->full, name, file) &&
                rc_when_holds(rc[i].when, who);
    return found;
}

int spider_forbids(const struct spider *spider, const struct spider_module *module)
{
    const struct rc *const common[] = {spider->ask.site, spider->ask.user};
    CLEANUP_FREE char *file = spider_file(module);
    int found = 0;
    for (size_t i = 0; i < COUNT(common) && !found; i++)
        found = common[i] && forbids(spider, common[i]->item, common[i]->count, module, file);
    for (size_t i = 0; i < spider->count && !found; i++)
        found = forbids(spider, spider->folder[i]->rc, spider->folder[i]->rcs, module, file);
    return found;
}

static int is_reached(const struct spider_folder *folder)
{
    int reached = !folder->adders || folder->is_base;
    for (size_t i = 0; i < folder->adders && !reached; i++)
        reached =
            folder->adder[i]->is_hidden < SPIDER_GONE && !folder->adder[i]->folder->is_gone;
    return reached;
}

// What only modules add that are gone cannot be had either.
static void leave_out(struct spider *spider)
{
    for (size_t i = 0; i < spider->count; i++)
        spider->folder[i]->is_gone = spider->folder[i]->adders && !spider->folder[i]->is_base;
    for (int again = 1; again;) {
        again = 0;
        for (size_t i = 0; i < spider->count; i++) {
            struct spider_folder *folder = spider->folder[i];
            if (!folder->is_gone || !is_reached(folder))
                continue;
            folder->is_gone = 0;
            again = 1;
        }
    }
    for (size_t i = 0; i < spider->count; i++)
        for (size_t k = 0; k < spider->folder[i]->modules && spider->folder[i]->is_gone; k++)
            spider->folder[i]->module[k].is_hidden = SPIDER_GONE;
}

void folder_hide(struct spider *spider)
{
    struct hidden hidden = {0};
    int some_gone = 0;
    if (spider->ask.site)
        add_hidden(&hidden, spider, spider->ask.site->item, spider->ask.site->count);
    if (spider->ask.user)
        add_hidden(&hidden, spider, spider->ask.user->item, spider->ask.user->count);
    for (size_t i = 0; i < spider->count; i++)
        add_hidden(&hidden, spider, spider->folder[i]->rc, spider->folder[i]->rcs);
    for (size_t i = 0; i < spider->count; i++)
        for (size_t k = 0; k < spider->folder[i]->modules; k++) {
            struct spider_module *module = &spider->folder[i]->module[k];
            module->is_hidden = hidden.names.count ? how_hidden(&hidden, module) : 0;
            if (*module->full == '.' || strstr(module->full, "/."))
                module->is_hidden = module->is_hidden ? module->is_hidden : SPIDER_HIDDEN;
            if (spider->ask.lua_only && !module->is_lua)
                module->is_hidden = SPIDER_GONE;
            some_gone |= module->is_hidden == SPIDER_GONE;
        }
    if (some_gone)
        leave_out(spider);
    table_free(&hidden.names);
    free(hidden.spec);
}
