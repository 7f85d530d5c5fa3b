// SPDX-License-Identifier: Apache-2.0
// module_verbs: the verbs of `lopin module`, and what is meant by words that are none.
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/module.h"
#include "cli/module_spider.h"

static int load(struct module_work *work, struct err *err)
{
    return engine_load(&work->engine, work->words, 1, err);
}

static int try_load(struct module_work *work, struct err *err)
{
    return engine_load(&work->engine, work->words, 0, err);
}

static int unload(struct module_work *work, struct err *err)
{
    return engine_unload(&work->engine, work->words, err);
}

static int swap(struct module_work *work, struct err *err)
{
    const char *from = work->count > 1 ? work->words[0] : NULL;
    return engine_swap(&work->engine, from, work->words[work->count > 1], err);
}

int module_purge(struct module_work *work, struct err *err)
{
    return engine_purge(&work->engine, err);
}

static int update(struct module_work *work, struct err *err)
{
    return engine_update(&work->engine, err);
}

static int refresh(struct module_work *work, struct err *err)
{
    return engine_refresh(&work->engine, err);
}

// It may come yet; more often it is mistyped.
static void tell_absent(struct module_work *work, const char *folder)
{
    struct stat found;
    if (!work->cli->options.quiet && (stat(folder, &found) < 0 || !S_ISDIR(found.st_mode)))
        str_print(&work->engine.talk, _("warning: there is no folder '%s' now\n"), folder);
}

static int use(struct module_work *work, struct err *err)
{
    CLEANUP_STRV struct strv folders = {0};
    int behind = 0;
    unsigned long priority = 0;
    for (char *const *word = work->words; *word; word++) {
        if (strcmp(*word, "-a") == 0 || strcmp(*word, "--append") == 0)
            behind = 1;
        else if (strcmp(*word, "--priority") == 0) {
            if (!word[1] || str_number(*++word, 1000000, &priority) < 0)
                return err_set(err, ERR_USAGE, _("--priority takes a number"));
        } else {
            strv_take(&folders, fs_absolute(work->cli->cwd, *word));
            tell_absent(work, folders.item[folders.count - 1]);
        }
    }
    if (!folders.count) {
        const char *path = vars_get(&work->engine.vars, "MODULEPATH");
        CLEANUP_STRV struct strv list = {0};
        strv_split(&list, path ? path : "", ':');
        for (size_t i = 0; i < list.count; i++)
            str_print(&work->out, "%s\n", list.item[i]);
        work->changes = 0;
        return 0;
    }
    return engine_use(&work->engine, folders.item, behind, (int)priority, err);
}

static int unuse(struct module_work *work, struct err *err)
{
    CLEANUP_STRV struct strv folders = {0};
    for (char *const *word = work->words; *word; word++)
        strv_take(&folders, fs_absolute(work->cli->cwd, *word));
    return engine_unuse(&work->engine, folders.item, err);
}

// Fails unless all are as they are asked for.
static int ask(struct module_work *work,
               int (*is)(struct engine *engine, const struct catalog_wish *wish))
{
    for (char *const *word = work->words; *word; word++) {
        const struct catalog_wish wish = {.user = *word};
        work->fails |= !is(&work->engine, &wish);
    }
    return 0;
}

static int is_loaded(struct module_work *work, struct err *err)
{
    (void)err;
    return ask(work, engine_is_loaded);
}

static int is_avail(struct module_work *work, struct err *err)
{
    (void)err;
    return ask(work, engine_is_there);
}

enum {
    ANY = 1 << 20,
    ASKS = MODULE_JSON,
    CHANGES = MODULE_CHANGES | MODULE_STATE | MODULE_JSON
};
const struct module_verb module_verbs[] = {
    {"avail", "av", module_avail, ASKS, 0, ANY, "[TEXT...]",
     N_("which modules can be loaded now")},
    {"spider", NULL, module_spider, ASKS, 0, ANY, "[NAME...]",
     N_("all modules, also those that others must be loaded for")},
    {"keyword", "key|k|apropos|search", module_keyword, ASKS, 1, ANY, "WORD...",
     N_("modules that say so of themselves")},
    {"overview", "ov", module_overview, 0, 0, ANY, "[TEXT...]",
     N_("names, and how many versions")},
    {"list", "li|ls", module_list, ASKS | MODULE_PLAIN, 0, ANY, "[TEXT...]",
     N_("which are loaded")},
    {"load", "add|lo", load, CHANGES, 1, ANY, "NAME...", N_("load modules; -NAME unloads one")},
    {"try-load", "try_load|try-add|try", try_load, CHANGES, 1, ANY, "NAME...",
     N_("load those that are there")},
    {"unload", "rm|del|delete|remove|un", unload, CHANGES, 1, ANY, "NAME...",
     N_("unload modules")},
    {"swap", "switch|sw|sp", swap, CHANGES, 1, 2, "[NAME] NEW",
     N_("one in the place of another")},
    {"purge", NULL, module_purge, CHANGES, 0, 0, "", N_("unload all that are not sticky")},
    {"update", "reload", update, CHANGES, 0, 0, "",
     N_("load all again, as their files are now")},
    {"refresh", NULL, refresh, CHANGES, 0, 0, "",
     N_("aliases and functions of what is loaded, again")},
    {"use", NULL, use, CHANGES, 0, ANY, "[-a] [--priority N] [DIR...]",
     N_("look for modules in a folder too")},
    {"unuse", NULL, unuse, CHANGES, 1, ANY, "DIR...", N_("look there no more")},
    {"show", "display|disp", module_show, 0, 1, ANY, "NAME...", N_("what a modulefile does")},
    {"whatis", NULL, module_whatis, 0, 1, ANY, "NAME...", N_("what a module is")},
    {"help", NULL, module_help, 0, 0, ANY, "[NAME...]",
     N_("what a module says of its use; alone, this")},
    {"is-loaded", "is_loaded|isloaded", is_loaded, MODULE_PLAIN, 1, ANY, "NAME...",
     N_("whether all are loaded")},
    {"is-avail", "is_avail|isavail", is_avail, 0, 1, ANY, "NAME...",
     N_("whether all can be loaded now")},
    {"save", "s|setdefault|sd", module_save, MODULE_STATE | MODULE_JSON, 0, 1, "[NAME]",
     N_("keep what is loaded as a collection")},
    {"restore", "r|getdefault|gd", module_restore, CHANGES, 0, 1, "[NAME]",
     N_("what a collection has, and nothing else")},
    {"reset", NULL, module_reset, CHANGES, 0, 0, "",
     N_("what the system loads at the start, nothing else")},
    {"savelist", "sl", module_savelist, 0, 0, 0, "", N_("the names of the collections")},
    {"describe", "mcc|saveshow", module_describe, 0, 0, 1, "[NAME]",
     N_("what is in a collection")},
    {"disable", "saverm|saveremove", module_disable, 0, 0, 1, "[NAME]",
     N_("put a collection aside")},
    {"cache", NULL, module_cache, 0, 0, 1, "[DIR]",
     N_("read all modules now, for you or for a site")},
    {"complete", NULL, module_complete, 0, 1, ANY, "", NULL}, // for the shells' completion
    {0},
};

void module_verbs_add(struct str *into)
{
    for (const struct module_verb *verb = module_verbs; verb->name; verb++)
        if (verb->help)
            str_print(into, "  %-12s%s\n", verb->name, lang_text(verb->help));
    str_print(into, "  %-12s%s\n\n", "init",
              _("functions module and ml, for a shell to evaluate"));
}

static int is_among(const char *name, const char *words)
{
    size_t size = strlen(name);
    for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strncmp(at, name, size) == 0 && (at[size] == '|' || !at[size]))
            return 1;
    return 0;
}

const struct module_verb *module_verb(const char *name)
{
    for (const struct module_verb *verb = module_verbs; verb->name; verb++)
        if (strcmp(name, verb->name) == 0 || is_among(name, verb->also))
            return verb;
    return NULL;
}

const char *module_verb_name(const char *word)
{
    const struct module_verb *verb = module_verb(word);
    return verb ? verb->name : strcmp(word, "init") == 0 ? "init" : NULL;
}

// Verbs of Lmod and of Environment Modules that are others here, or none.
static const struct other_verb {
    const char *name; // "a|b"
    const char *line; // to type
} other_verbs[] = {
    {"clear", "--force purge"},
    {"load-any|load_any", "try-load NAME..."},
    {"path|paths", "--location show NAME"},
    {"info-loaded", "list NAME"},
    {"is-saved|stashlist", "savelist"},
    {"is-used", "use"},
    {"stash", "save NAME"},
    {"stashpop", "restore NAME"},
    {"stashrm|stashclear", "disable NAME"},
    {"stashshow", "describe NAME"},
    {"aliases|available", "avail"},
    {"cachebuild", "cache DIR"},
    {"cacheclear", "--ignore_cache spider"},
    {"find|info|which", "spider NAME"},
    {"install", "spider NAME"},
    {"test|lint|edit", "show NAME"},
    {"initlist", "describe"},
    {"initadd|initprepend|initswitch|initrm|initclear", "save"},
};

const char *module_call(const struct cli *cli)
{
    const char *name = cli->options.module_shell;
    enum shell shell = name ? shellcode_shell(name) : SHELL_NONE;
    return shell == SHELL_NONE || shell == SHELL_JSON || shell == SHELL_ENV ? "lopin module"
                                                                            : "module";
}

// The verb, or another name of it, that is nearest to a word; NULL: none is near. Yours.
static char *nearest(const char *name)
{
    CLEANUP_STRV struct strv names = {0};
    for (const struct module_verb *verb = module_verbs; verb->name; verb++)
        if (verb->help)
            strv_add(&names, verb->name);
    strv_add(&names, "init");
    for (const struct module_verb *verb = module_verbs; verb->name; verb++)
        if (verb->also)
            strv_split(&names, verb->also, '|');
    return mem_dup(opt_nearest(name, (const char *const *)names.item));
}

const struct module_verb *module_verb_find(const struct cli *cli, const char *name,
                                           struct err *err)
{
    const struct module_verb *found = module_verb(name);
    const char *line = NULL;
    if (found)
        return found;
    for (size_t i = 0; i < COUNT(other_verbs) && !line; i++)
        if (is_among(name, other_verbs[i].name))
            line = other_verbs[i].line;
    CLEANUP_FREE char *near = line ? NULL : nearest(name);
    err_set(err, ERR_USAGE, _("unknown verb '%s'"), name);
    err_hint(err, "try", "%s %s", module_call(cli), line ? line : near ? near : "--help");
    return NULL;
}

int module_verb_hint(const char *name, int exact, char *const *words, struct err *err)
{
    int is_verb = module_verb(name) || strcmp(name, "ml") == 0;
    CLEANUP_FREE char *found = is_verb ? mem_dup(name) : exact ? NULL : nearest(name);
    CLEANUP_STR struct str line = {0};
    for (; *words; words++) {
        str_add_char(&line, ' ');
        str_add_shell(&line, *words);
    }
    if (found)
        err_hint(err, "try", "lopin module %s%s", found, str_text(&line));
    return found != NULL;
}
