// SPDX-License-Identifier: Apache-2.0
// module_avail: `lopin module avail`, what can be loaded now.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/json_text.h"
#include "cli/module_columns.h"
#include "cli/module_letters.h"
#include "cli/module_spider.h"
#include "cli/module_words.h"
#include "module/paths.h"
#include "modulefile/hooks.h"

struct avail {
    struct module_work *work;
    struct strv path;
    struct catalog_list *lists;
    struct spider spider; // of the same folders: properties and extensions
    struct index index;
    struct strv names;  // files of those that have properties
    struct table files; // file -> place in index, from 1
    unsigned seen;      // bits, of letters
    json_t *json;       // an array; NULL: text is wanted
};

// A folder has one of a full name.
static const struct spider_module *known_of(const struct avail *avail,
                                            const struct catalog_module *module)
{
    const uint64_t *place = table_get(&avail->files, module->file);
    return place ? avail->index.module[*place - 1] : NULL;
}

static int is_loaded(const struct avail *avail, const struct catalog_module *module)
{
    const struct loaded_module *loaded = loaded_get(&avail->work->engine.loaded, module->name);
    return loaded && loaded->status == LOADED_ACTIVE && strcmp(loaded->file, module->file) == 0;
}

static int is_forbidden(const struct avail *avail, const struct catalog_module *module)
{
    const char *name = strcmp(module->name, module->full) == 0 ? NULL : module->name;
    return catalog_says(&avail->work->engine.catalog, RC_FORBID, module->full, name,
                        module->file) != NULL;
}

static int is_nearly(const struct avail *avail, const struct catalog_module *module)
{
    char none[] = "";
    const struct catalog_found found = {
        .name = module->name,
        .full = module->full,
        .file = module->file,
        .version = strcmp(module->name, module->full) == 0 ? none : module->full,
    };
    return engine_nears(&avail->work->engine, &found);
}

static int has_letter(const struct avail *avail, const struct module_letter *letter,
                      const struct catalog_module *module)
{
    if (strcmp(letter->letter, "nF") == 0)
        return is_nearly(avail, module);
    if (letter->property) {
        const struct spider_module *known = known_of(avail, module);
        return known && index_has_mark(known, letter->property, letter->value);
    }
    return *letter->letter == 'L'   ? is_loaded(avail, module)
           : *letter->letter == 'D' ? module->is_default
           : *letter->letter == 'F' ? is_forbidden(avail, module)
                                    : module->is_hidden;
}

// What is known of it, in letters, then its other names: "(L,D:lts)".
static char *marks_of(struct avail *avail, const struct catalog_module *module)
{
    struct str marks = {0};
    for (size_t i = 0; i < MODULE_LETTERS; i++)
        if (has_letter(avail, &module_letters[i], module)) {
            module_letters_add(&module_letters[i], &marks);
            avail->seen |= 1U << i;
        }
    for (size_t i = 0; i < module->also.count; i++)
        str_print(&marks, "%s%s", marks.size ? ":" : "(",
                  strrchr(module->also.item[i], '/') + 1);
    if (marks.size)
        str_add_char(&marks, ')');
    return str_take(&marks);
}

static int is_shown(const struct avail *avail, const struct catalog_module *module)
{
    const struct options *options = &avail->work->cli->options;
    return (!module->is_hidden || options->all_modules) &&
           (!options->defaults || module->is_default || module->is_alone) &&
           module_is_wanted_as(avail->work, module->full, module->file, &module->also);
}

static void add_terse(const struct avail *avail, const struct catalog_list *list)
{
    struct module_work *work = avail->work;
    const char *last = "";
    int is_titled = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct catalog_module *module = &list->item[i];
        if (!is_shown(avail, module))
            continue;
        if (!is_titled)
            str_print(&work->out, "%s:\n", list->folder);
        is_titled = 1;
        if (strcmp(last, module->name) != 0 && strcmp(module->name, module->full) != 0 &&
            !work->cli->options.defaults && !work->count)
            str_print(&work->out, "%s/\n", module->name);
        last = module->name;
        for (size_t k = 0; k < module->also.count; k++)
            str_print(&work->out, "%s(@%s)\n", module->also.item[k], module->full);
        str_print(&work->out, "%s\n", module->full);
    }
}

static void add_json(const struct avail *avail, const struct catalog_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct catalog_module *module = &list->item[i];
        if (!is_shown(avail, module))
            continue;
        json_t *object = json_object(), *also = json_array();
        for (size_t k = 0; k < module->also.count; k++)
            json_array_append_new(also, json_text(module->also.item[k]));
        json_put_text(object, "name", module->name);
        json_put_text(object, "full", module->full);
        json_put_text(object, "file", module->file);
        json_put_text(object, "folder", list->folder);
        json_object_set_new(object, "default", json_boolean(module->is_default));
        json_object_set_new(object, "loaded", json_boolean(is_loaded(avail, module)));
        json_object_set_new(object, "hidden", json_boolean(module->is_hidden));
        json_object_set_new(object, "forbidden", json_boolean(is_forbidden(avail, module)));
        json_object_set_new(object, "nearly_forbidden", json_boolean(is_nearly(avail, module)));
        json_object_set_new(object, "also", also);
        json_array_append_new(avail->json, object);
    }
}

static void add_list(struct avail *avail, const struct catalog_list *list)
{
    CLEANUP_CELLS struct module_cells cells = {.gap = 3};
    struct module_work *work = avail->work;
    for (size_t i = 0; i < list->count; i++) {
        const struct catalog_module *module = &list->item[i];
        if (is_shown(avail, module))
            module_cells_add(&cells, mem_dup(module->full), marks_of(avail, module),
                             is_loaded(avail, module) ? "1" : "");
    }
    if (!cells.name.count)
        return;
    str_add_char(&work->out, '\n');
    module_add_rule(work, list->folder, &work->out);
    module_cells_print(work, &cells, &work->out);
}

static void add_aliases_of(const struct module_work *work, const struct rc *rc,
                           struct module_cells *cells)
{
    int is_terse = work->cli->options.terse;
    for (size_t i = 0; i < rc->count; i++)
        if (rc->item[i].kind == RC_ALIAS && (module_is_wanted(work, rc->item[i].target) ||
                                             module_is_wanted(work, rc->item[i].name)))
            module_cells_add(cells,
                             mem_print(is_terse ? "%s(@%s)" : "%s -> %s", rc->item[i].name,
                                       rc->item[i].target),
                             mem_dup(""), "");
}

// Names that rc files give to modules.
static void add_aliases(const struct avail *avail)
{
    CLEANUP_CELLS struct module_cells cells = {.gap = 3};
    struct str *out = &avail->work->out;
    const struct rc *rc;
    for (size_t i = 0; (rc = catalog_rc(&avail->work->engine.catalog, i)); i++)
        add_aliases_of(avail->work, rc, &cells);
    for (size_t i = 0; i < cells.name.count && avail->work->cli->options.terse; i++)
        str_print(out, "%s\n", cells.name.item[i]);
    if (avail->work->cli->options.terse || !cells.name.count)
        return;
    str_add_char(out, '\n');
    module_add_rule(avail->work, _("other names"), out);
    module_cells_print(avail->work, &cells, out);
}

static void add_extensions(const struct avail *avail)
{
    CLEANUP_CELLS struct module_cells cells = {.gap = 4};
    struct module_work *work = avail->work;
    const char *last = "";
    for (size_t i = 0; i < avail->index.extensions; i++) {
        const struct index_extension *extension = &avail->index.extension[i];
        if (strcmp(extension->name, last) != 0 && module_is_wanted(work, extension->full))
            module_cells_add(&cells, mem_dup(extension->name), mem_dup("(E)"), "34");
        last = extension->name;
    }
    if (!cells.name.count)
        return;
    str_add_char(&work->out, '\n');
    module_add_rule(work, _("extensions that these modules hold"), &work->out);
    module_cells_print(work, &cells, &work->out);
    str_print(&work->out, "\n%s\n    %s spider %s\n", _("Which module holds an extension:"),
              module_call(work->cli), cells.name.item[0]);
}

static void add_legend(const struct avail *avail)
{
    module_letters_explain(avail->seen, &avail->work->out);
    if (!avail->work->count)
        str_print(&avail->work->out, "\n%s\n    %s spider\n",
                  _("Modules that others must be loaded for are not among these; all of them:"),
                  module_call(avail->work->cli));
}

// Properties and extensions are what the files say: they are evaluated, or known from before. Lmod has
// a variable to go without extensions, and so without all that.
static int look_into(struct avail *avail, struct err *err)
{
    const char *wanted = vars_get(&avail->work->engine.vars, "LMOD_AVAIL_EXTENSIONS");
    if (avail->work->cli->options.terse || avail->json || (wanted && strcmp(wanted, "no") == 0))
        return 0;
    if (module_walk(avail->work, &avail->spider, MODULE_WALK_SHALLOW, err) < 0)
        return -1;
    module_hooked(avail->work, &avail->spider);
    index_build(&avail->index, &avail->spider, 1, NULL, NULL);
    for (size_t i = 0; i < avail->index.modules; i++)
        if (avail->index.module[i]->marks.count) {
            strv_take(&avail->names, spider_file(avail->index.module[i]));
            *table_put(&avail->files, avail->names.item[avail->names.count - 1], NULL) = i + 1;
        }
    return 0;
}

static void give(struct avail *avail)
{
    struct module_work *work = avail->work;
    if (!avail->json)
        add_aliases(avail);
    for (size_t i = 0; i < avail->path.count; i++) {
        if (avail->json)
            add_json(avail, &avail->lists[i]);
        else if (work->cli->options.terse)
            add_terse(avail, &avail->lists[i]);
        else
            add_list(avail, &avail->lists[i]);
    }
    if (avail->json || work->cli->options.terse)
        return;
    if (!work->cli->options.no_extensions)
        add_extensions(avail);
    if (work->out.size)
        add_legend(avail);
    else
        str_print(&work->out, "%s\n    %s spider%s%s\n",
                  _("no such module is to be found here; whether there is one behind others:"),
                  module_call(work->cli), work->count ? " " : "",
                  work->count ? work->words[0] : "");
}

static int compare_modules(const void *a, const void *b)
{
    const struct catalog_module *left = a, *right = b;
    int by_name = strcmp(left->name, right->name);
    return by_name ? by_name : strcmp(left->order, right->order);
}

// The modules of a list become the other's.
static void move_list(struct catalog_list *from, struct catalog_list *into)
{
    mem_room(&into->item, &into->room, into->count + from->count, sizeof *into->item);
    for (size_t i = 0; i < from->count; i++)
        into->item[into->count++] = from->item[i];
    from->count = 0;
    if (into->count)
        qsort(into->item, into->count, sizeof *into->item, compare_modules);
}

// As the site's hooks have the folders: several of one title are one list. Lmod leaves -t as it is.
static void regroup(struct avail *avail)
{
    CLEANUP_STRV struct strv titles = {0};
    hooks_titles(&avail->work->engine, &avail->path, &titles);
    for (size_t i = 0; i < avail->path.count; i++) {
        size_t first = 0;
        while (strcmp(titles.item[first], titles.item[i]) != 0)
            first++;
        free(avail->lists[i].folder);
        avail->lists[i].folder = mem_dup(titles.item[i]);
        if (first < i)
            move_list(&avail->lists[i], &avail->lists[first]);
    }
}

int module_avail(struct module_work *work, struct err *err)
{
    struct avail avail = {.work = work};
    if (module_check_words(work, err) < 0)
        return -1;
    if (module_check_path(work, err) < 0)
        return -1;
    paths_list(&work->engine.vars, "MODULEPATH", &avail.path);
    avail.json = work->shell == SHELL_JSON ? json_array() : NULL;
    avail.lists = mem_zero(avail.path.count + 1, sizeof *avail.lists);
    for (size_t i = 0; i < avail.path.count; i++)
        catalog_list(&work->engine.catalog, avail.path.item[i], &avail.lists[i]);
    catalog_mark_defaults(&work->engine.catalog, avail.lists, avail.path.count);
    int status = look_into(&avail, err);
    if (status == 0 && !avail.json && !work->cli->options.terse && work->engine.hooks)
        regroup(&avail);
    if (status == 0)
        give(&avail);
    if (status == 0)
        module_hooked_text(work, "avail");
    if (avail.json && status == 0)
        status = json_add_line(&work->out, json_pack("{so}", "modules", avail.json));
    else
        json_decref(avail.json);
    for (size_t i = 0; i < avail.path.count; i++)
        catalog_list_free(&avail.lists[i]);
    free(avail.lists);
    strv_free(&avail.path);
    table_free(&avail.files);
    strv_free(&avail.names);
    index_free(&avail.index);
    spider_free(&avail.spider);
    return status;
}
