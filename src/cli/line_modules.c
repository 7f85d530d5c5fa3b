// SPDX-License-Identifier: Apache-2.0
#include "cli/line_modules.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/module_site.h"
#include "cli/say.h"
#include "env/cfg.h"
#include "module/paths.h"
#include "modulefile/hooks.h"

int line_modules_is_name(const char *text)
{
    // of a range, "py@3.9:", the full name is kept, which has no ':'
    const char *at = *text == '-' ? NULL : strchr(text, '@');
    return *text && *text != ' ' && !str_ends(text, " ") && !strpbrk(text, "\t\n\r") &&
           !memchr(text, ':', at ? (size_t)(at - text) : strlen(text));
}

// "gcc openmpi" may be a name, but mostly is meant as "gcc,openmpi".
static void hint_blanks(const struct strv *names, struct err *err)
{
    CLEANUP_STR struct str list = {0};
    int has_blanks = 0;
    for (size_t i = 0; i < names->count; i++) {
        const char *at = names->item[i];
        has_blanks |= strchr(at, ' ') != NULL;
        for (; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
            str_add(&list, list.size ? "," : "");
            str_add_bytes(&list, at, strcspn(at, " "));
        }
    }
    CLEANUP_STR struct str quoted = {0};
    str_add_shell(&quoted, str_text(&list));
    if (has_blanks && err && err->code == ERR_NO_MODULE)
        err_hint(err, "try", "--module %s", quoted.text);
}

// Loaded, and it is what the name means now: loading it again would only take time.
static int is_in_force(struct engine *engine, const char *name)
{
    CLEANUP_FOUND struct catalog_found found = {0};
    const struct catalog_wish wish = {.user = name};
    if (*name == '-')
        return 0;
    const struct loaded_module *module = loaded_find(&engine->loaded, name);
    if (!module || module->status != LOADED_ACTIVE)
        return 0;
    if (strcmp(module->full, name) == 0)
        return 1;
    CLEANUP_STRV struct strv path = {0};
    paths_list(&engine->vars, "MODULEPATH", &path);
    return catalog_find(&engine->catalog, &path, &wish, &found) &&
           strcmp(found.file, module->file) == 0;
}

// The environment is the engine's from now on; what it was is kept for who hands the line to another
// machine, where the modules are evaluated again.
static void replace(struct cli *cli, struct vars *vars)
{
    if (cli->before.list.count)
        vars_free(&cli->vars);
    else
        cli->before = cli->vars;
    cli->vars = *vars;
    *vars = (struct vars){0};
}

static void take(struct cli *cli, struct engine *engine)
{
    engine_settle(engine);
    replace(cli, &engine->vars);
}

// What a word of the line is about, whatever its version.
static const struct loaded_module *loaded_by(struct engine *engine, const char *name)
{
    const struct catalog_wish wish = {.user = name + (*name == '+')};
    const struct loaded_module *module = engine_loaded(engine, &wish);
    return module ? module : engine_named(engine, wish.user);
}

static void note(struct cli *cli, struct engine *engine, const struct strv *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct loaded_module *module = loaded_by(engine, names->item[i]);
        const char *full = module ? module->full : names->item[i];
        if ((module || *full == '-') && !strv_has(&cli->modules, full))
            strv_add(&cli->modules, full);
    }
}

// By the site's own command: what it says of the environment is taken as it is.
static int load_by_site(struct cli *cli, struct engine *engine, const struct strv *wanted,
                        struct err *err)
{
    struct vars vars = {0};
    if (module_site_vars(cli, "load", wanted->item, &vars, err) < 0) {
        vars_free(&vars);
        return -1;
    }
    engine_free(engine);
    if (engine_begin(engine, vars.list.item, "bash", err) < 0) {
        vars_free(&vars);
        return -1;
    }
    replace(cli, &vars);
    return 0;
}

int line_modules_begin(const struct cli *cli, struct engine *engine, struct err *err)
{
    if (engine_begin(engine, cli->vars.list.item, "bash", err) < 0)
        return -1;
    engine->quiet |= cli->options.quiet;
    return module_hooks(cli) ? hooks_open(engine, err) : 0;
}

// Nothing is computed without a module that the line names.
static int check_all(struct engine *engine, const struct strv *names, struct err *err)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->item[i];
        const struct loaded_module *module = *name == '-' ? NULL : loaded_by(engine, name);
        if (*name == '-' || (module && module->status == LOADED_ACTIVE))
            continue;
        err_set(err, ERR_MODULE, _("module '%s' is not loaded in the end"), name);
        return err_hint(err, "found", "%s",
                        _("its modulefile breaks off (LmodBreak, break), or another module of "
                          "these takes its place or takes away what it needs"));
    }
    return 0;
}

static int load_by_own(struct engine *engine, const struct strv *names, struct err *err)
{
    hooks_tell(engine, "startup", "load");
    if (engine_load(engine, names->item, 1, err) < 0) {
        hooks_error(engine, err);
        hint_blanks(names, err);
        return -1;
    }
    if (check_all(engine, names, err) < 0)
        return -1;
    hooks_tell(engine, "finalize", "load");
    return 0;
}

static int load(struct cli *cli, struct engine *engine, const struct strv *names,
                struct err *err)
{
    CLEANUP_STRV struct strv wanted = {0};
    for (size_t i = 0; i < names->count; i++)
        if (!is_in_force(engine, names->item[i]))
            strv_add(&wanted, names->item[i]);
    int by_site = wanted.count ? module_site_is_asked(cli, 1, err) : 0;
    if (by_site < 0 || (by_site && load_by_site(cli, engine, &wanted, err) < 0))
        return -1;
    if (!by_site && wanted.count && load_by_own(engine, &wanted, err) < 0)
        return -1;
    note(cli, engine, names);
    if (wanted.count && !by_site)
        take(cli, engine);
    return 0;
}

void line_modules_words(struct err *err)
{
    static const char line[] = "try\tmodule ", whole[] = "try\tlopin module ";
    struct str text = {0};
    if (!err)
        return;
    const char *at = err->hint, *found;
    while ((found = strstr(at, line))) {
        str_add_bytes(&text, at, (size_t)(found - at));
        str_add(&text, whole);
        at = found + strlen(line);
    }
    str_add(&text, at);
    if (text.size < sizeof err->hint)
        memcpy(err->hint, str_text(&text), text.size + 1);
    str_free(&text);
}

// What modulefiles said, and of an error what can be typed.
static int tell(struct cli *cli, struct engine *engine, int status, struct err *err)
{
    term_write(&cli->talk, &engine->talk);
    if (status < 0)
        line_modules_words(err);
    return status;
}

int line_modules_load_by(struct cli *cli, struct engine *engine, const struct strv *names,
                         struct err *err)
{
    return tell(cli, engine, load(cli, engine, names, err), err);
}

int line_modules_load(struct cli *cli, const struct strv *names, struct err *err)
{
    struct engine engine = {0};
    if (!names->count)
        return 0;
    int status = line_modules_begin(cli, &engine, err);
    if (status == 0)
        status = load(cli, &engine, names, err);
    tell(cli, &engine, status, err);
    engine_free(&engine);
    return status;
}

int line_modules(struct cli *cli, struct err *err)
{
    return line_modules_load(cli, &cli->options.modules, err);
}

// Those of "a/1:b/2" that are not in force.
static void find_missing(const struct cli *cli, const char *modules, struct strv *ret)
{
    const char *loaded = vars_get(&cli->vars, "LOADEDMODULES");
    CLEANUP_STRV struct strv want = {0}, have = {0};
    strv_split(&want, modules, ':');
    strv_split(&have, loaded ? loaded : "", ':');
    for (size_t i = 0; i < want.count; i++)
        if (*want.item[i] && !strv_has(&have, want.item[i]))
            strv_add(ret, want.item[i]);
}

static int refuse_env(const char *prefix, const struct strv *missing, const struct err *why,
                      struct err *err)
{
    CLEANUP_STR struct str names = {0}, words = {0};
    for (size_t i = 0; i < missing->count; i++) {
        str_add_char(&words, ' ');
        str_add_shell(&words, missing->item[i]);
    }
    line_modules_add(missing, &names);
    err_set(err, ERR_ENV_BROKEN,
            _("environment '%s' was made with modules that cannot be loaded here: %s"), prefix,
            names.text);
    err_hint(err, "found", "%s", why->text);
    err_hint(err, "try", "module load%s", words.text);
    return err_hint(err, "try", _("LOPIN_GUARD=off in the environment, to run without them"));
}

int line_modules_env(struct cli *cli, const char *prefix, struct err *err)
{
    struct arena arena = {0};
    struct cfg cfg;
    struct err why = {0};
    CLEANUP_STRV struct strv missing = {0}, all = {0};
    CLEANUP_FREE char *file = mem_print("%s/pyvenv.cfg", prefix);
    const char *guard = vars_get(&cli->vars, "LOPIN_GUARD");
    const char *path = vars_get(&cli->vars, "MODULEPATH");
    if (cfg_read(AT_FDCWD, file, &arena, &cfg, NULL) == 0 && cfg.modules) {
        strv_split(&all, cfg.modules, ':');
        find_missing(cli, cfg.modules, &missing);
    }
    arena_free(&arena);
    // Without any modules here the interpreter itself shows whether it can start (env/lost.h).
    if (!all.count || !path || !*path || (guard && strcmp(guard, "off") == 0))
        return 0;
    // Those in force too: a run is computed with them, whoever loaded them.
    return line_modules_load(cli, &all, &why) < 0 ? refuse_env(prefix, &missing, &why, err) : 0;
}

static int is_on(const char *path, const char *folder)
{
    CLEANUP_STRV struct strv list = {0};
    strv_split(&list, path ? path : "", ':');
    return strv_has(&list, folder);
}

int line_modules_own(const struct cli *cli, const char *program)
{
    static const char *const actives[] = {"VIRTUAL_ENV", "CONDA_PREFIX"};
    if (!cli->modules.count || !program)
        return 0;
    CLEANUP_FREE char *folder = fs_folder(program);
    // Where all were in force already nothing shows what they did: then what is no system's.
    const char *others = cli->before.list.count ? vars_get(&cli->before, "PATH")
                                                : "/usr/local/bin:/usr/bin:/bin";
    for (size_t i = 0; i < COUNT(actives); i++) {
        const char *active = vars_get(&cli->vars, actives[i]);
        size_t size = active ? strlen(active) : 0;
        if (size && strncmp(folder, active, size) == 0)
            return 0;
    }
    return is_on(vars_get(&cli->vars, "PATH"), folder) && !is_on(others, folder);
}

void line_modules_keep(const struct cli *cli, struct strv *into)
{
    for (size_t i = 0; i < cli->modules.count; i++)
        if (!strv_has(into, cli->modules.item[i]))
            strv_add(into, cli->modules.item[i]);
}

void line_modules_add(const struct strv *names, struct str *into)
{
    for (size_t i = 0; i < names->count; i++) {
        str_add(into, i ? ", " : "");
        str_add_visible(into, names->item[i], strlen(names->item[i]));
    }
}

void line_modules_hash(const struct cli *cli, struct hash *hash)
{
    for (size_t i = 0; i < cli->modules.count; i++)
        hash_text(hash, cli->modules.item[i]);
}

char *line_modules_joined(const struct cli *cli)
{
    struct str text = {0};
    for (size_t i = 0; i < cli->modules.count; i++)
        str_print(&text, "%s%s", i ? ":" : "", cli->modules.item[i]);
    return str_take(&text);
}

char *line_modules_program(const struct cli *cli, const struct spec *spec)
{
    if (spec->image)
        return NULL;
    const char *path = vars_get(&cli->vars, "PATH");
    char *program = spec->python_name ? fs_program(path ? path : "", spec->python_name) : NULL;
    return program ? program : mem_dup(spec->python_path);
}
