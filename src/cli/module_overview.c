// SPDX-License-Identifier: Apache-2.0
// module_overview: `lopin module overview`, names with how many versions there are; and `cache`.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/json_text.h"
#include "cli/module_columns.h"
#include "cli/module_spider.h"
#include "cli/module_words.h"
#include "module/paths.h"

static void add_counts(struct module_work *work, const struct catalog_list *list)
{
    CLEANUP_STRV struct strv names = {0};
    CLEANUP_CELLS struct module_cells cells = {.gap = 3};
    CLEANUP_FREE size_t *counts = mem_zero(list->count + 1, sizeof *counts);
    for (size_t i = 0; i < list->count; i++) {
        const struct catalog_module *module = &list->item[i];
        if ((module->is_hidden && !work->cli->options.all_modules) ||
            !module_is_wanted_as(work, module->full, module->file, &module->also))
            continue;
        if (!names.count || strcmp(names.item[names.count - 1], module->name) != 0)
            strv_add(&names, module->name);
        counts[names.count - 1]++;
    }
    for (size_t i = 0; i < names.count; i++)
        module_cells_add(&cells, mem_dup(names.item[i]), mem_print("(%zu)", counts[i]), "");
    if (work->cli->options.terse) {
        if (names.count)
            str_print(&work->out, "%s:\n", list->folder);
        for (size_t i = 0; i < names.count; i++)
            str_print(&work->out, "%s (%zu)\n", names.item[i], counts[i]);
    } else if (names.count) {
        str_add_char(&work->out, '\n');
        module_add_rule(work, list->folder, &work->out);
        module_cells_print(work, &cells, &work->out);
    }
}

int module_overview(struct module_work *work, struct err *err)
{
    CLEANUP_STRV struct strv path = {0};
    if (module_check_words(work, err) < 0)
        return -1;
    if (module_check_path(work, err) < 0)
        return -1;
    paths_list(&work->engine.vars, "MODULEPATH", &path);
    for (size_t i = 0; i < path.count; i++) {
        struct catalog_list list;
        catalog_list(&work->engine.catalog, path.item[i], &list);
        add_counts(work, &list);
        catalog_list_free(&list);
    }
    if (!work->out.size && !work->cli->options.terse)
        str_print(&work->out, "%s\n", _("no such module is to be found"));
    return 0;
}

int module_cache(struct module_work *work, struct err *err)
{
    CLEANUP_SPIDER struct spider spider = {0};
    CLEANUP_FREE char *folder =
        work->count ? fs_absolute(work->cli->cwd, work->words[0]) : NULL;
    CLEANUP_FREE char *file = folder ? mem_print("%s/spider", folder) : NULL;
    work->cache = file;
    int status = module_walk(work, &spider, MODULE_WALK_ANEW, err);
    work->cache = NULL;
    if (status < 0)
        return -1;
    if (spider.changed) // not written
        return err_set(err, ERR_SYSTEM, _("cannot write '%s'"),
                       spider.ask.cache ? spider.ask.cache : "");
    size_t modules = 0;
    for (size_t i = 0; i < spider.count; i++)
        modules += spider.folder[i]->modules;
    str_print(&work->out, _("%s: %zu modules of %zu folders\n"), spider.ask.cache, modules,
              spider.count);
    return 0;
}
