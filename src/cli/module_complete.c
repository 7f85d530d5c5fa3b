// SPDX-License-Identifier: Apache-2.0
// module_complete: `lopin module complete module WORD...`, which the shells' completion calls: what
// the last word can become, a line each. Nothing is evaluated but rc files.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/module.h"
#include "cli/module_spider.h"
#include "module/paths.h"

static void add(struct module_work *work, const char *begin, const char *word)
{
    for (const char *at = word; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == 127)
            return; // it could not be told from the list's own lines
    if (str_starts(word, begin))
        str_print(&work->out, "%s\n", word);
}

static void add_verbs(struct module_work *work, const char *begin)
{
    for (const struct module_verb *verb = module_verbs; verb->name; verb++)
        if (verb->help)
            add(work, begin, verb->name);
}

static void add_options(struct module_work *work, const char *begin)
{
    for (const struct opt *opt = options_table; opt->id; opt++) {
        CLEANUP_FREE char *name = mem_print("--%s", opt->name);
        if (opt->commands & COMMAND_MODULE)
            add(work, begin, name);
    }
}

// Names, and their versions once the word has come to them.
static void add_name(struct module_work *work, const char *begin, const char *name,
                     const char *full, const char *last)
{
    if (strcmp(name, last) != 0)
        add(work, begin, name);
    if (strcmp(name, full) != 0)
        add(work, begin, full);
}

static void add_available(struct module_work *work, const char *begin)
{
    CLEANUP_STRV struct strv path = {0};
    paths_list(&work->engine.vars, "MODULEPATH", &path);
    for (size_t i = 0; i < path.count; i++) {
        struct catalog_list list;
        const char *last = "";
        catalog_list(&work->engine.catalog, path.item[i], &list);
        for (size_t k = 0; k < list.count; k++) {
            if (list.item[k].is_hidden)
                continue;
            add_name(work, begin, list.item[k].name, list.item[k].full, last);
            last = list.item[k].name;
        }
        catalog_list_free(&list);
    }
}

static void add_loaded(struct module_work *work, const char *begin)
{
    struct loaded_module **list = loaded_list(&work->engine.loaded, 1);
    for (size_t i = 0; list[i]; i++)
        add_name(work, begin, list[i]->name, list[i]->full, "");
    free(list);
}

static void add_folders(struct module_work *work, const char *begin)
{
    CLEANUP_STRV struct strv path = {0};
    paths_list(&work->engine.vars, "MODULEPATH", &path);
    for (size_t i = 0; i < path.count; i++)
        add(work, begin, path.item[i]);
}

// What the cache has: nobody waits at a key for all modulefiles to be read.
static int add_known(struct module_work *work, const char *begin, struct err *err)
{
    CLEANUP_SPIDER struct spider spider = {0};
    CLEANUP_INDEX struct index index = {0};
    const char *last = "";
    if (module_walk(work, &spider, MODULE_WALK_KNOWN, err) < 0)
        return -1;
    index_build(&index, &spider, 0, NULL, NULL);
    if (!index.modules)
        add_available(work, begin);
    for (size_t i = 0; i < index.modules; i++) {
        if (i && strcmp(index.module[i]->full, index.module[i - 1]->full) == 0)
            continue;
        add_name(work, begin, index.module[i]->name, index.module[i]->full, last);
        last = index.module[i]->name;
    }
    last = "";
    for (size_t i = 0; i < index.extensions; i++) {
        add_name(work, begin, index.extension[i].name, index.extension[i].full, last);
        last = index.extension[i].name;
    }
    return 0;
}

static int is_one_of(const char *name, const char *words)
{
    CLEANUP_STRV struct strv list = {0};
    strv_split(&list, words, '|');
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.item[i], name) == 0)
            return 1;
    return 0;
}

static int add_words(struct module_work *work, const char *verb, const char *begin, int first,
                     struct err *err)
{
    struct module_work other = *work;
    if (is_one_of(verb, "load|try-load|show|whatis|help|is-avail|avail|overview"))
        add_available(work, begin);
    else if (is_one_of(verb, "unload|is-loaded|list") || (strcmp(verb, "swap") == 0 && first))
        add_loaded(work, begin);
    else if (strcmp(verb, "swap") == 0)
        add_available(work, begin);
    else if (strcmp(verb, "spider") == 0)
        return add_known(work, begin, err);
    else if (strcmp(verb, "unuse") == 0)
        add_folders(work, begin);
    else if (strcmp(verb, "init") == 0)
        for (const char *const *shell =
                 (const char *const[]){"bash", "zsh", "sh", "fish", "csh", NULL};
             *shell; shell++)
            add(work, begin, *shell);
    else if (is_one_of(verb, "save|restore|describe|disable")) {
        CLEANUP_STRV struct strv names = {0};
        other.out = (struct str){0};
        module_collections(&other, &names);
        for (size_t i = 0; i < names.count; i++)
            add(work, begin, names.item[i]);
    }
    return 0;
}

int module_complete(struct module_work *work, struct err *err)
{
    const char *verb = NULL, *program = work->words[0];
    size_t before = 0; // words behind the verb
    const char *begin = work->count > 1 ? work->words[work->count - 1] : "";
    for (size_t i = 1; i + 1 < work->count; i++) {
        if (*work->words[i] == '-')
            continue;
        if (verb)
            before++;
        else
            verb = module_verb_name(work->words[i]);
        if (!verb && strcmp(program, "ml") == 0)
            verb = "load";
    }
    if (*begin == '-' && (!verb || strcmp(verb, "load") != 0)) {
        add_options(work, begin);
        return 0;
    }
    if (verb)
        return add_words(work, verb, begin, before == 0, err);
    add_verbs(work, begin);
    if (strcmp(program, "ml") == 0)
        add_available(work, begin);
    return 0;
}
