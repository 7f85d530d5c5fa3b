// SPDX-License-Identifier: Apache-2.0
// module_about: all that is known of one module, and the ways to it.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "cli/json_text.h"
#include "cli/module_spider.h"
#include "cli/module_words.h"

static size_t not_loaded(struct module_work *work, const char *route)
{
    CLEANUP_STRV struct strv names = {0};
    size_t count = 0;
    strv_split(&names, route, ' ');
    for (size_t i = 0; i < names.count; i++) {
        const struct catalog_wish wish = {.user = names.item[i]};
        count += !engine_is_loaded(&work->engine, &wish);
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The way to one of those files that needs the fewest modules that are not loaded; "" if it needs none. Yours.
static char *best_route(struct module_work *work, const struct spider *spider,
                        struct spider_module *const *module, size_t modules)
{
    CLEANUP_STRV struct strv routes = {0};
    const char *best = "";
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < modules; i++) {
        size_t before = routes.count;
        spider_routes(spider, module[i], &routes);
        if (routes.count == before)
            return mem_dup("");
    }
    if (routes.count)
        qsort(routes.item, routes.count, sizeof *routes.item, compare);
    for (size_t i = 0; i < routes.count; i++) {
        size_t count = not_loaded(work, routes.item[i]);
        if (count <= least) { // of several the last: versions grow
            least = count;
            best = routes.item[i];
        }
    }
    return mem_dup(best);
}

// The routes of all files of that name. Returns whether one needs none.
static int gather_routes(const struct spider *spider, const struct module_shown *shown,
                         struct strv *into)
{
    int direct = 0;
    for (size_t i = 0; i < shown->modules; i++) {
        size_t before = into->count;
        spider_routes(spider, shown->module[i], into);
        direct |= into->count == before;
    }
    if (into->count)
        qsort(into->item, into->count, sizeof *into->item, compare);
    return direct;
}

static void add_routes(struct module_work *work, const struct spider *spider,
                       const struct module_shown *shown)
{
    struct str *out = &work->out;
    CLEANUP_STRV struct strv routes = {0};
    int direct = gather_routes(spider, shown, &routes);
    if (direct)
        str_print(out, "\n    %s\n", _("It can be loaded as it is."));
    if (routes.count)
        str_print(out, "\n    %s\n\n",
                  direct ? _("There are others of it, which need all modules of one of these "
                             "lines loaded before:")
                         : _("It needs all modules of one of these lines loaded before it:"));
    for (size_t i = 0; i < routes.count; i++) {
        if (i && strcmp(routes.item[i], routes.item[i - 1]) == 0)
            continue;
        str_add(out, "      ");
        for (const char *at = routes.item[i]; *at; at++) {
            str_add_char(out, *at);
            if (*at == ' ')
                str_add_char(out, ' ');
        }
        str_add_char(out, '\n');
    }
}

static void add_holders(struct module_work *work, const struct spider *spider,
                        const struct module_shown *shown)
{
    struct str *out = &work->out;
    if (!shown->extensions)
        return;
    str_print(out, "\n    %s\n\n",
              _("It is an extension; one of these modules, with what stands in parentheses "
                "loaded before it, has it:"));
    for (size_t i = 0; i < shown->extensions; i++) {
        const struct spider_module *module = shown->extension[i]->module;
        CLEANUP_STRV struct strv routes = {0};
        spider_routes(spider, module, &routes);
        for (size_t k = 0; k < routes.count; k++)
            str_print(out, "      %s (%s)\n", module->full, routes.item[k]);
        if (!routes.count)
            str_print(out, "      %s\n", module->full);
    }
}

static void add_extensions(struct module_work *work, const struct spider_module *module)
{
    CLEANUP_STR struct str list = {0};
    const char *one = module->extensions.first;
    for (size_t i = 0; i < module->extensions.count; i++, one = texts_next(one))
        str_print(&list, "%s%s", i ? ", " : "", one);
    if (!list.size)
        return;
    str_print(&work->out, "\n    %s\n", _("Extensions that it holds:"));
    module_add_filled(work, list.text, 6, &work->out);
}

static void add_help(struct module_work *work, const struct spider_module *module)
{
    CLEANUP_STRV struct strv lines = {0};
    if (!module->help)
        return;
    strv_split(&lines, module->help, '\n');
    while (lines.count && !*lines.item[lines.count - 1])
        free(lines.item[--lines.count]);
    str_print(&work->out, "\n    %s\n", _("Help:"));
    for (size_t i = 0; i < lines.count; i++) {
        str_add(&work->out, *lines.item[i] ? "      " : "");
        str_add_visible(&work->out, lines.item[i], strlen(lines.item[i]));
        str_add_char(&work->out, '\n');
    }
}

static void add_marks(struct module_work *work, const struct spider_module *module)
{
    CLEANUP_STR struct str list = {0};
    const char *mark = module->marks.first;
    for (size_t i = 0; i < module->marks.count; i++, mark = texts_next(mark))
        str_print(&list, "%s%s", i ? ", " : "",
                  strchr(mark, '\t') ? strchr(mark, '\t') + 1 : mark);
    if (list.size)
        str_print(&work->out, "    %s %s\n", _("Properties:"), list.text);
}

// "module load gcc/12 openmpi/4 hdf5/1.14": what is not loaded yet is enough.
static void add_line(struct module_work *work, const struct spider *spider,
                     struct spider_module *const *module, size_t count)
{
    CLEANUP_FREE char *route = best_route(work, spider, module, count);
    CLEANUP_STRV struct strv names = {0};
    strv_split(&names, route, ' ');
    str_print(&work->out, "\n  %s\n    %s load", _("To load it:"), module_call(work->cli));
    for (size_t i = 0; *route && i < names.count; i++) {
        const struct catalog_wish wish = {.user = names.item[i]};
        if (!engine_is_loaded(&work->engine, &wish))
            str_print(&work->out, " %s", names.item[i]);
    }
    str_add_char(&work->out, ' ');
    str_add_shell(&work->out, module[0]->full);
    str_add(&work->out, "\n\n");
}

// Whether all files of that name are, with what the rc files on the way to it say.
static int add_forbidden(struct module_work *work, const struct spider *spider,
                         const struct module_shown *shown)
{
    struct catalog *catalog = &work->engine.catalog;
    const struct spider_module *module = shown->module[0];
    for (size_t i = 0; i < shown->modules; i++)
        if (!spider_forbids(spider, shown->module[i]))
            return 0;
    CLEANUP_STRV struct strv path = {0};
    CLEANUP_FREE char *file = spider_file(module);
    strv_add(&path, module->folder->path);
    CLEANUP_FREE char *name = catalog_resolve(catalog, &path, module->full);
    const struct rc_entry *entry = catalog_says(catalog, RC_FORBID, module->full,
                                                *module->version ? module->name : NULL, file);
    str_print(&work->out, "\n    %s%s%s\n", _("It may not be loaded"),
              entry && *entry->words ? ": " : "", entry ? entry->words : "");
    return 1;
}

void module_add_about(struct module_work *work, const struct spider *spider,
                      const struct index *index, const struct module_shown *shown)
{
    struct str *out = &work->out;
    struct spider_module *module =
        shown->modules ? shown->module[0] : shown->extension[0]->module;
    const char *description = shown->modules ? index_description(module) : NULL;
    int is_forbidden = 0;
    str_add_char(out, '\n');
    module_add_rule(work, NULL, out);
    term_style(module_term(work), out, "1");
    str_print(out, "  %s: %s%s", shown->name, shown->full, shown->modules ? "" : " (E)");
    term_style(module_term(work), out, "0");
    str_add_char(out, '\n');
    module_add_rule(work, NULL, out);
    if (description) {
        str_print(out, "    %s\n", _("Description:"));
        module_add_filled(work, description, 6, out);
    }
    if (shown->modules) {
        add_marks(work, module);
        is_forbidden = add_forbidden(work, spider, shown);
        if (!is_forbidden)
            add_routes(work, spider, shown);
    }
    add_holders(work, spider, shown);
    if (shown->modules) {
        add_extensions(work, module);
        add_help(work, module);
    }
    CLEANUP_STR struct str others = {0};
    const char *last = shown->name;
    for (size_t i = 0; i < index->modules; i++) {
        const char *name = index->module[i]->name;
        if (strcmp(name, last) != 0 && strcmp(name, shown->name) != 0 &&
            strcasestr(name, shown->name))
            str_print(&others, "%s%s", others.size ? ", " : "", name);
        last = name;
    }
    if (others.size) {
        str_print(out, "\n    %s\n", _("Other names that this one is a part of:"));
        module_add_filled(work, others.text, 6, out);
    }
    if (!is_forbidden && shown->modules)
        add_line(work, spider, shown->module, shown->modules);
    else if (!is_forbidden)
        add_line(work, spider, &module, 1);
    else
        str_add_char(out, '\n');
}

static json_t *json_texts(struct texts texts)
{
    json_t *array = json_array();
    const char *text = texts.first;
    for (size_t i = 0; i < texts.count; i++, text = texts_next(text))
        json_array_append_new(array, json_text(text));
    return array;
}

void *module_about_json(const struct spider *spider, const struct spider_module *module)
{
    json_t *object = json_object(), *routes = json_array();
    CLEANUP_STRV struct strv lines = {0};
    spider_routes(spider, module, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv names = {0};
        json_t *route = json_array();
        strv_split(&names, lines.item[i], ' ');
        for (size_t k = 0; k < names.count; k++)
            json_array_append_new(route, json_text(names.item[k]));
        json_array_append_new(routes, route);
    }
    json_put_text(object, "name", module->name);
    json_put_text(object, "full", module->full);
    json_put_text(object, "version", module->version);
    CLEANUP_FREE char *file = spider_file(module);
    json_put_text(object, "file", file);
    json_object_set_new(object, "description", json_text(index_description(module)));
    if (module->help)
        json_object_set_new(object, "help", json_text(module->help));
    json_object_set_new(object, "family", json_text(module->family));
    json_object_set_new(object, "hidden", json_boolean(module->is_hidden));
    json_object_set_new(object, "forbidden", json_boolean(spider_forbids(spider, module)));
    json_object_set_new(object, "whatis", json_texts(module->whatis));
    json_object_set_new(object, "extensions", json_texts(module->extensions));
    json_object_set_new(object, "routes", routes);
    return object;
}
