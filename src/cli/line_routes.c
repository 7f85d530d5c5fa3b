// SPDX-License-Identifier: Apache-2.0
#include "cli/line_routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/module_site.h"
#include "cli/module_spider.h"
#include "modulefile/hooks.h"

enum { MOST_TRIED = 64, MOST_CHECKED = 256 };

struct way {
    const char *full;  // of the module at its end; the spider's
    const char *order; // of its version
    char *before;      // "gcc/12 openmpi/4.1"; "": nothing
    size_t count;      // of those that are not loaded
};
struct search {
    struct cli *cli;
    const struct line_route_ask *ask;
    struct module_work work;
    struct way *way;
    size_t count, room;
    int is_stale; // a way that the cache has does not load
};

static int is_name(const void *data, const char *name, const char *full)
{
    (void)full;
    return strcmp(name, data) == 0;
}

static int compare(const void *a, const void *b)
{
    const struct way *one = a, *other = b;
    if (one->count != other->count)
        return one->count < other->count ? -1 : 1;
    int by_version = strcmp(other->order, one->order);
    return by_version ? by_version : strcmp(other->before, one->before);
}

static void add_way(struct search *search, const struct spider_module *module,
                    const char *before)
{
    CLEANUP_STRV struct strv names = {0};
    size_t count = 0;
    strv_split(&names, before, ' ');
    for (size_t i = 0; *before && i < names.count; i++) {
        const struct catalog_wish wish = {.user = names.item[i]};
        count += !engine_is_loaded(&search->work.engine, &wish);
    }
    mem_room(&search->way, &search->room, search->count + 1, sizeof *search->way);
    search->way[search->count++] = (struct way){.full = module->full,
                                                .order = module->order,
                                                .before = mem_dup(before),
                                                .count = count};
}

static void drop_ways(struct search *search)
{
    for (size_t i = 0; i < search->count; i++)
        free(search->way[i].before);
    search->count = 0;
}

// Returns -1 if a file that leads to others was edited in its place: then all is to be walked again.
static int gather(struct search *search, struct spider *spider, int may_check,
                  struct strv *seen)
{
    CLEANUP_INDEX struct index index = {0};
    index_build(&index, spider, 0, is_name, search->ask->name);
    if (may_check && index.modules < MOST_CHECKED &&
        spider_check(spider, index.module, index.modules))
        return -1;
    for (size_t i = 0; i < index.modules; i++) {
        const struct spider_module *module = index.module[i];
        CLEANUP_STRV struct strv routes = {0};
        if (!search->ask->fits(search->ask->data, module->full)) {
            if (!strv_has(seen, module->full))
                strv_add(seen, module->full);
            continue;
        }
        spider_routes(spider, module, &routes);
        for (size_t k = 0; k < routes.count; k++)
            add_way(search, module, routes.item[k]);
        if (!routes.count)
            add_way(search, module, "");
    }
    if (search->count)
        qsort(search->way, search->count, sizeof *search->way, compare);
    return 0;
}

static void names_of(const struct way *way, struct strv *names)
{
    if (*way->before)
        strv_split(names, way->before, ' ');
    strv_add(names, way->full);
}

// A module that is loaded now and would not be as it is then: its full name; NULL: none.
static const char *displaced(const struct engine *now, const struct engine *then)
{
    for (size_t i = 0; i < now->loaded.count; i++) {
        const struct loaded_module *old = &now->loaded.item[i];
        const struct loaded_module *new = loaded_get(&then->loaded, old->name);
        if (old->status == LOADED_ACTIVE &&
            (!new || new->status != LOADED_ACTIVE || strcmp(new->file, old->file) != 0))
            return old->full;
    }
    return NULL;
}

// Of a site's own command nothing is known before it has done it, but the names.
static const char *displaced_by_name(const struct engine *now, const struct strv *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct catalog_wish wish = {.user = names->item[i]};
        const char *slash = strrchr(names->item[i], '/');
        CLEANUP_FREE char *name =
            slash ? mem_dupn(names->item[i], (size_t)(slash - names->item[i])) : NULL;
        const struct loaded_module *old = name ? loaded_get(&now->loaded, name) : NULL;
        if (old && old->status == LOADED_ACTIVE && !engine_is_loaded((void *)now, &wish))
            return old->full;
    }
    return NULL;
}

// Loads it, for nobody. Returns 1 if that is well; 0 with what it would displace, or NULL: it fails.
static int try_way(struct search *search, const struct strv *names, const char **ret_old)
{
    struct cli *cli = search->cli;
    struct engine engine = {0};
    struct err err = {0};
    CLEANUP_STRV struct strv wanted = {0};
    *ret_old = displaced_by_name(&search->work.engine, names);
    if (*ret_old || module_site_is_asked(cli, 1, &err) > 0)
        return !*ret_old;
    for (size_t i = 0; i < names->count; i++) {
        const struct catalog_wish wish = {.user = names->item[i]};
        if (!engine_is_loaded(&search->work.engine, &wish))
            strv_add(&wanted, names->item[i]);
    }
    int status = engine_begin(&engine, cli->vars.list.item, "bash", &err);
    engine.quiet = 1;
    if (status == 0 && module_hooks(cli))
        status = hooks_open(&engine, &err);
    if (status == 0 && wanted.count)
        status = engine_load(&engine, wanted.item, 1, &err);
    if (status == 0)
        *ret_old = displaced(&search->work.engine, &engine);
    engine_free(&engine);
    return status == 0 && !*ret_old;
}

static int choose(struct search *search, struct strv *names, struct strv *seen)
{
    search->is_stale = 0;
    for (size_t i = 0; i < search->count && i < MOST_TRIED; i++) {
        const char *old;
        CLEANUP_STRV struct strv tried = {0};
        names_of(&search->way[i], &tried);
        if (try_way(search, &tried, &old)) {
            strv_add_all(names, &tried);
            return 1;
        }
        CLEANUP_STR struct str line = {0};
        for (size_t k = 0; k < tried.count; k++)
            str_print(&line, "%s%s", k ? " " : "", tried.item[k]);
        if (old)
            str_print(&line, _(" (not beside %s)"), old);
        else
            str_add(&line, _(" (fails)"));
        if (!strv_has(seen, line.text))
            strv_add(seen, line.text);
        search->is_stale |= !old;
    }
    return 0;
}

static int walk(struct search *search, unsigned how, struct strv *names, struct strv *seen)
{
    CLEANUP_SPIDER struct spider spider = {0};
    if (module_walk(&search->work, &spider, how, NULL) < 0)
        return 0;
    int status = gather(search, &spider, !how, seen);
    if (status == 0)
        status = choose(search, names, seen);
    drop_ways(search);
    spider_save(&spider);
    return status;
}

int line_routes_find(struct cli *cli, const struct line_route_ask *ask, struct strv *names,
                     struct strv *seen)
{
    struct search search = {.cli = cli, .ask = ask, .work = {.cli = cli, .name = "bash"}};
    CLEANUP_STRV struct strv known = {0};
    int status = 0;
    if (engine_begin(&search.work.engine, cli->vars.list.item, "bash", NULL) == 0)
        status = walk(&search, 0, names, &known);
    // What a cache knows may have been true: before it is said that there is none, all is read.
    if (status < 0 || (!status && search.is_stale)) {
        strv_free(&known);
        status = walk(&search, MODULE_WALK_ANEW, names, &known);
    }
    for (size_t i = 0; i < known.count && !status; i++)
        if (!strv_has(seen, known.item[i]))
            strv_add(seen, known.item[i]);
    engine_free(&search.work.engine);
    free(search.way);
    return status > 0;
}
