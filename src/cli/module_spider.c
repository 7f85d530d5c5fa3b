// SPDX-License-Identifier: Apache-2.0
// module_spider: `lopin module spider`, which modules there are, also behind others.
#include "cli/module_spider.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "cli/json_text.h"
#include "cli/module_words.h"
#include "module/spec.h"

enum { MOST_CHECKED = 256 }; // files that are looked at again before they are shown

struct search {
    struct module_work *work;
    struct spider *spider;
    struct index *index;
    json_t *json; // an array; NULL: text is wanted
};

// How a word is a name: all of it, a full name, or a part of one.
enum fit { FIT_PART, FIT_FULL, FIT_NAME };

static int fits(const struct search *search, const char *word, enum fit fit, const char *name,
                const char *full)
{
    if (fit == FIT_NAME)
        return strcmp(name, word) == 0;
    if (fit == FIT_FULL)
        return strcmp(full, word) == 0;
    return module_word_fits(search->work, word, name) ||
           module_word_fits(search->work, word, full);
}

// Of modules, and behind them of extensions.
static const char *name_at(const struct index *index, size_t place, const char **ret_full)
{
    if (place < index->modules) {
        *ret_full = index->module[place]->full;
        return index->module[place]->name;
    }
    const struct index_extension *extension = &index->extension[place - index->modules];
    *ret_full = extension->full;
    return extension->name;
}

// The names that a word is about, each once.
static void find_names(const struct search *search, const char *word, enum fit fit,
                       struct strv *into)
{
    const struct index *index = search->index;
    CLEANUP_TABLE struct table seen = {0};
    for (size_t i = 0; i < index->modules + index->extensions; i++) {
        int is_new = 0;
        const char *full, *name = name_at(index, i, &full);
        if (fits(search, word, fit, name, full)) {
            table_put(&seen, name, &is_new);
            if (is_new)
                strv_add(into, name);
        }
    }
}

// The parts of a name that the word means: that full name, else all in which it is.
static void show_find(const struct search *search, const char *name, const char *word,
                      int is_whole, struct module_shown *ret)
{
    const struct index *index = search->index;
    *ret = (struct module_shown){.name = name};
    ret->module = mem_zero(index->modules + 1, sizeof(void *));
    ret->extension = mem_zero(index->extensions + 1, sizeof(void *));
    for (int exact = 1; exact >= 0 && !ret->modules && !ret->extensions; exact--) {
        for (size_t i = 0; i < index->modules; i++) {
            struct spider_module *module = index->module[i];
            if (strcmp(module->name, name) == 0 &&
                (exact ? strcmp(module->full, word) == 0
                       : is_whole || module_word_fits(search->work, word, module->full)))
                ret->module[ret->modules++] = module;
        }
        for (size_t i = 0; i < index->extensions; i++) {
            const struct index_extension *extension = &index->extension[i];
            if (strcmp(extension->name, name) == 0 &&
                (exact ? strcmp(extension->full, word) == 0
                       : is_whole || module_word_fits(search->work, word, extension->full)))
                ret->extension[ret->extensions++] = extension;
        }
    }
    const char *first = ret->modules      ? ret->module[0]->full
                        : ret->extensions ? ret->extension[0]->full
                                          : NULL;
    int several = 0;
    for (size_t i = 0; i < ret->modules; i++)
        several |= strcmp(ret->module[i]->full, first) != 0;
    for (size_t i = 0; i < ret->extensions; i++)
        several |= strcmp(ret->extension[i]->full, first) != 0;
    ret->full = several ? NULL : first;
}

static void show_free(struct module_shown *shown)
{
    free(shown->module);
    free(shown->extension);
}

static void add_others(const struct search *search, const char *name)
{
    CLEANUP_STRV struct strv names = {0};
    CLEANUP_STR struct str line = {0};
    find_names(search, name, FIT_PART, &names);
    for (size_t i = 0; i < names.count; i++)
        if (strcmp(names.item[i], name) != 0 &&
            module_word_fits(search->work, name, names.item[i]))
            str_print(&line, "%s%s", line.size ? ", " : "", names.item[i]);
    if (!line.size)
        return;
    str_print(&search->work->out, "\n    %s\n", _("Other names that this one is a part of:"));
    module_add_filled(search->work, line.text, 6, &search->work->out);
}

static void add_title(const struct search *search, const char *title)
{
    struct str *out = &search->work->out;
    const struct term *term = module_term(search->work);
    str_add_char(out, '\n');
    module_add_rule(search->work, NULL, out);
    term_style(term, out, "1");
    str_print(out, "  %s", title);
    term_style(term, out, "0");
    str_add_char(out, '\n');
    module_add_rule(search->work, NULL, out);
}

// All versions of a name.
static void add_versions(const struct search *search, const struct module_shown *shown)
{
    struct str *out = &search->work->out;
    const struct index *index = search->index;
    const char *last = "", *description = NULL, *example = NULL;
    int some_forbidden = 0;
    add_title(search, shown->name);
    for (size_t i = index->modules; i-- > 0 && !description;)
        if (strcmp(index->module[i]->name, shown->name) == 0)
            description = index_description(index->module[i]);
    if (description) {
        str_print(out, "    %s\n", _("Description:"));
        module_add_filled(search->work, description, 6, out);
        str_add_char(out, '\n');
    }
    str_print(out, "    %s\n", _("Versions:"));
    for (size_t i = 0; i < index->modules; i++) {
        const struct spider_module *module = index->module[i];
        if (strcmp(module->name, shown->name) != 0 || strcmp(module->full, last) == 0)
            continue;
        CLEANUP_FREE char *decoration = module_decoration(search->work, module);
        int is_forbidden = spider_forbids(search->spider, module);
        str_print(out, "      %s%s%s\n", module->full, decoration, is_forbidden ? " (F)" : "");
        some_forbidden |= is_forbidden;
        last = example = module->full;
    }
    for (size_t i = 0; i < index->extensions; i++) {
        const struct index_extension *extension = &index->extension[i];
        if (strcmp(extension->name, shown->name) != 0 || strcmp(extension->full, last) == 0)
            continue;
        str_print(out, "      %s (E)\n", extension->full);
        last = extension->full;
        example = shown->modules ? example : extension->full;
    }
    add_others(search, shown->name);
    if (some_forbidden)
        str_print(out, "\n    (F): %s\n", _("may not be loaded"));
    if (shown->extensions)
        str_print(out, "\n    %s\n", _("(E): an extension, which a module holds"));
    str_print(out, "\n  %s\n    %s spider %s\n\n",
              _("How to load one of them, with what it needs before it:"),
              module_call(search->work->cli), example);
}

static void tell_full(const struct search *search, const char *full, struct table *told)
{
    int is_new = 0;
    table_put(told, full, &is_new);
    if (is_new)
        str_print(&search->work->out, "%s\n", full);
}

// Full names, each once; of an extension those of the modules that hold it.
static void add_terse(const struct search *search, const struct module_shown *shown,
                      struct table *told)
{
    for (size_t i = 0; i < search->index->modules; i++) {
        const struct spider_module *module = search->index->module[i];
        if (shown->full ? strcmp(module->full, shown->full) == 0
                        : strcmp(module->name, shown->name) == 0)
            tell_full(search, module->full, told);
    }
    for (size_t i = 0; i < shown->extensions; i++)
        tell_full(search, shown->extension[i]->module->full, told);
}

static void add_json(const struct search *search, const struct module_shown *shown)
{
    for (size_t i = 0; i < shown->modules; i++)
        json_array_append_new(search->json,
                              module_about_json(search->spider, shown->module[i]));
    for (size_t i = 0; i < shown->extensions; i++)
        json_array_append_new(search->json,
                              module_about_json(search->spider, shown->extension[i]->module));
}

// Returns 1, 0 if nothing is so called, -1 if all is to be walked again.
static int look_for(const struct search *search, const char *word, int may_check)
{
    static const enum fit order[] = {FIT_NAME, FIT_FULL, FIT_PART};
    CLEANUP_STRV struct strv names = {0};
    CLEANUP_TABLE struct table told = {0};
    enum fit fit = FIT_PART;
    for (size_t i = search->work->cli->options.regexp ? 2 : 0; i < COUNT(order) && !names.count;
         i++)
        find_names(search, word, fit = order[i], &names);
    for (size_t i = 0; i < names.count; i++) {
        struct module_shown shown;
        show_find(search, names.item[i], word, fit == FIT_NAME, &shown);
        int again = may_check && shown.modules < MOST_CHECKED &&
                    spider_check(search->spider, shown.module, shown.modules);
        for (size_t k = 0; !again && (shown.full || search->json) && k < shown.modules; k++)
            if (!search->work->cli->options.terse) {
                spider_look(search->spider, shown.module[k]);
                module_hooked_one(search->work, search->spider, shown.module[k]);
            }
        if (!again && search->json)
            add_json(search, &shown);
        else if (!again && search->work->cli->options.terse)
            add_terse(search, &shown, &told);
        else if (!again && shown.full)
            module_add_about(search->work, search->spider, search->index, &shown);
        else if (!again)
            add_versions(search, &shown);
        show_free(&shown);
        if (again)
            return -1;
    }
    return names.count > 0;
}

// A name a line, and extensions.
static void add_all_terse(const struct search *search)
{
    const struct index *index = search->index;
    CLEANUP_TABLE struct table seen = {0};
    for (size_t i = 0; i < index->modules + index->extensions; i++) {
        int is_new = 0;
        const char *full, *name = name_at(index, i, &full);
        table_put(&seen, name, &is_new);
        if (is_new && strcmp(name, full) != 0)
            str_print(&search->work->out, "%s/\n", name);
        table_put(&seen, full, &is_new);
        if (is_new || strcmp(name, full) == 0)
            str_print(&search->work->out, "%s\n", full);
    }
}

static void add_line(const struct search *search, const char *name, const struct strv *fulls,
                     const char *description)
{
    CLEANUP_STR struct str line = {0};
    size_t width = module_width(search->work) - 4;
    str_print(&line, "  %s:", name);
    for (size_t i = 0; i < fulls->count; i++) {
        if (line.size + strlen(fulls->item[i]) + 2 > width) {
            str_add(&line, " ...");
            break;
        }
        str_print(&line, "%s %s", i ? "," : "", fulls->item[i]);
    }
    str_print(&search->work->out, "%s\n", line.text);
    if (description)
        module_add_filled(search->work, description, 4, &search->work->out);
    str_add_char(&search->work->out, '\n');
}

// A name with its versions, and what it is.
static void add_names(const struct search *search)
{
    const struct index *index = search->index;
    size_t module = 0, extension = 0;
    int has_extensions = 0;
    while (module < index->modules || extension < index->extensions) {
        CLEANUP_STRV struct strv fulls = {0};
        const char *description = NULL;
        const char *left = module < index->modules ? index->module[module]->name : NULL;
        const char *right =
            extension < index->extensions ? index->extension[extension].name : NULL;
        const char *name = !right || (left && strcmp(left, right) <= 0) ? left : right;
        for (; module < index->modules && strcmp(index->module[module]->name, name) == 0;
             module++) {
            const struct spider_module *one = index->module[module];
            const char *text = index_description(one);
            description = text ? text : description;
            if (!fulls.count || strcmp(fulls.item[fulls.count - 1], one->full) != 0)
                strv_add(&fulls, one->full);
        }
        for (; extension < index->extensions &&
               strcmp(index->extension[extension].name, name) == 0;
             extension++) {
            CLEANUP_FREE char *full = mem_print("%s (E)", index->extension[extension].full);
            has_extensions = 1;
            if (!fulls.count || strcmp(fulls.item[fulls.count - 1], full) != 0)
                strv_add(&fulls, full);
        }
        add_line(search, name, &fulls, description);
    }
    if (has_extensions)
        str_print(&search->work->out, "  %s\n\n", _("(E): an extension, which a module holds"));
}

static void add_all(const struct search *search)
{
    if (search->json) {
        for (size_t i = 0; i < search->index->modules; i++)
            json_array_append_new(search->json,
                                  module_about_json(search->spider, search->index->module[i]));
    } else if (search->work->cli->options.terse) {
        add_all_terse(search);
    } else {
        add_title(search, _("Modules and extensions, also those behind other modules:"));
        add_names(search);
        str_print(&search->work->out, "  %s\n    %s spider %s\n\n",
                  _("What a module is, and how it is loaded:"), module_call(search->work->cli),
                  _("NAME/VERSION"));
    }
}

static int not_found(const struct search *search, const char *word, struct err *err)
{
    index_free(search->index);
    index_build(search->index, search->spider, 0, NULL, NULL); // of all names the nearest
    CLEANUP_FREE const char **names =
        mem_zero(search->index->modules + search->index->extensions + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < search->index->modules; i++)
        names[count++] = search->index->module[i]->name;
    for (size_t i = 0; i < search->index->extensions; i++)
        names[count++] = search->index->extension[i].name;
    CLEANUP_FREE char *name = spec_name(word);
    const char *near = opt_nearest(name ? name : word, names);
    err_set(err, ERR_NO_MODULE, _("no module and no extension is called '%s'"), word);
    return near ? err_hint(err, "try", "module spider %s", near)
                : err_hint(err, "more", _("all that there are: %s spider"),
                           module_call(search->work->cli));
}

static int search_words(struct search *search, int may_check, struct err *err)
{
    for (char *const *word = search->work->words; *word; word++) {
        int found = look_for(search, *word, may_check);
        if (found < 0)
            return 1;
        if (!found)
            return not_found(search, *word, err);
    }
    return 0;
}

// Whether one of the words may be about it: what they are not about need not be sorted.
static int may_fit(const void *data, const char *name, const char *full)
{
    const struct module_work *work = data;
    return module_is_wanted(work, full) || module_is_wanted(work, name);
}

int module_spider(struct module_work *work, struct err *err)
{
    CLEANUP_SPIDER struct spider spider = {0};
    CLEANUP_INDEX struct index index = {0};
    struct search search = {.work = work, .spider = &spider, .index = &index};
    int hidden = work->cli->options.all_modules;
    if (module_check_words(work, err) < 0 || module_walk(work, &spider, 0, err) < 0)
        return -1;
    module_hooked(work, &spider);
    index_build(&index, &spider, hidden, may_fit, work);
    search.json = work->shell == SHELL_JSON ? json_array() : NULL;
    int status = work->count ? search_words(&search, 1, err) : 0;
    if (status > 0) { // a file that leads to others was edited in its place
        index_free(&index);
        spider_free(&spider);
        str_clear(&work->out);
        json_array_clear(search.json);
        if (module_walk(work, &spider, MODULE_WALK_ANEW, err) < 0)
            return -1;
        module_hooked(work, &spider);
        index_build(&index, &spider, hidden, may_fit, work);
        status = search_words(&search, 0, err);
    }
    spider_save(&spider);
    if (!work->count)
        add_all(&search);
    if (status == 0)
        module_hooked_text(work, "spider");
    if (search.json && status == 0)
        return json_add_line(&work->out, json_pack("{so}", "modules", search.json));
    json_decref(search.json);
    return status;
}

// What is neither in the name, nor in a whatis line or a property, of no word.
static int is_about(const struct module_work *work, const struct spider_module *module)
{
    int found = module_is_wanted(work, module->name);
    const char *line = module->whatis.first;
    for (size_t i = 0; i < module->whatis.count && !found; i++, line = texts_next(line))
        found = module_is_wanted(work, line);
    const char *mark = module->marks.first;
    for (size_t i = 0; i < module->marks.count && !found; i++, mark = texts_next(mark))
        found = module_is_wanted(work, strchr(mark, '\t') ? strchr(mark, '\t') + 1 : mark);
    return found;
}

int module_keyword(struct module_work *work, struct err *err)
{
    CLEANUP_SPIDER struct spider spider = {0};
    CLEANUP_INDEX struct index index = {0};
    struct search search = {.work = work, .spider = &spider, .index = &index};
    size_t count = 0, extensions = 0;
    if (module_check_words(work, err) < 0 || module_walk(work, &spider, 0, err) < 0)
        return -1;
    module_hooked(work, &spider);
    index_build(&index, &spider, work->cli->options.all_modules, NULL, NULL);
    for (size_t i = 0; i < index.modules; i++)
        if (is_about(work, index.module[i]))
            index.module[count++] = index.module[i];
    for (size_t i = 0; i < index.extensions; i++) {
        struct index_extension kept = index.extension[i];
        if (module_is_wanted(work, kept.name)) {
            index.extension[i] = index.extension[extensions]; // its order is freed all the same
            index.extension[extensions++] = kept;
        }
    }
    size_t all = index.extensions;
    index.modules = count;
    index.extensions = extensions;
    search.json = work->shell == SHELL_JSON ? json_array() : NULL;
    if (search.json || work->cli->options.terse)
        add_all(&search);
    else if (!count && !extensions)
        str_print(&work->out, "%s\n",
                  _("no module has such a word in its name or description"));
    else
        add_names(&search);
    index.extensions = all;
    return search.json ? json_add_line(&work->out, json_pack("{so}", "modules", search.json))
                       : 0;
}
