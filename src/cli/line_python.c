// SPDX-License-Identifier: Apache-2.0
// line_python: the site's module of Python (line_modules.h). Versions of modules are read as those of
// interpreters: "3.11.5", "3.11.5-gcc12".
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/line_modules.h"
#include "cli/line_routes.h"
#include "cli/setting.h"
#include "env/release.h"
#include "module/paths.h"
#include "modulefile/engine.h"

#define MARK "{version}"

struct wanted {
    struct cli *cli;
    const char *pattern; // "python/{version}"
    const char *version; // that is asked for; NULL: any
    char *name;          // what stands before the last '/' of a pattern; else all of it
};

static const struct site_file *site_of(const struct cli *cli)
{
    return cli->config ? &cli->config->site : NULL;
}

// Reads "3.11.5" out of "python/3.11.5-gcc12" by a pattern "python/{version}-gcc12". Returns 0, or -1.
static int read_version(const char *pattern, const char *full, struct release *ret)
{
    const char *mark = strstr(pattern, MARK);
    const char *tail = mark ? mark + strlen(MARK) : "";
    const char *slash = strrchr(pattern, '/');
    size_t head = mark ? (size_t)(mark - pattern) : slash ? (size_t)(slash + 1 - pattern) : 0;
    if (strncmp(full, pattern, head) != 0 || !str_ends(full, tail) ||
        strlen(full) < head + strlen(tail))
        return -1;
    CLEANUP_FREE char *text = mem_dupn(full + head, strlen(full) - head - strlen(tail));
    if (release_parse(text, ret) == 0)
        return 0;
    text[strcspn(text, "-+_")] = '\0';
    return release_parse(text, ret);
}

static int fits(const struct wanted *wanted, const char *full, struct release *ret)
{
    return read_version(wanted->pattern, full, ret) == 0 &&
           (!wanted->version || release_fits(ret, wanted->version, NULL) == 1);
}

static int compare_newest(const void *one, const void *two)
{
    return strverscmp(*(char *const *)two, *(char *const *)one);
}

// The newest that fits, by its full name. Yours; NULL: none.
static char *choose(struct wanted *wanted, struct engine *engine)
{
    struct release newest = {0};
    const char *ret = NULL;
    CLEANUP_STRV struct strv path = {0}, names = {0};
    paths_list(&engine->vars, "MODULEPATH", &path);
    catalog_versions(&engine->catalog, &path, wanted->name, &names);
    if (names.count)
        qsort(names.item, names.count, sizeof *names.item, compare_newest);
    for (size_t i = 0; i < names.count; i++) {
        struct release release;
        if (fits(wanted, names.item[i], &release) &&
            (!ret || release_compare(&release, &newest) > 0)) {
            ret = names.item[i];
            newest = release;
        }
    }
    return mem_dup(ret);
}

// The module is loaded already, with a version that fits: nothing is to be done.
static int is_loaded(const struct wanted *wanted, const struct loaded *loaded)
{
    struct release release;
    const struct loaded_module *module = loaded_get(loaded, wanted->name);
    return module && module->status == LOADED_ACTIVE &&
           (!wanted->version || fits(wanted, module->full, &release));
}

// For what is behind other modules. Without a mark the pattern is a name: "python", or "python/3.11",
// which 3.11.5 is too.
static int is_wanted(const void *data, const char *full)
{
    const struct wanted *wanted = data;
    struct release release;
    const char *pattern = wanted->pattern;
    size_t size = strlen(pattern);
    int is_named = strstr(pattern, MARK) || !strchr(pattern, '/') ||
                   (strncmp(full, pattern, size) == 0 && (!full[size] || full[size] == '.'));
    if (!is_named)
        return 0;
    return wanted->version
               ? fits(wanted, full, &release)
               : !strstr(pattern, MARK) || read_version(pattern, full, &release) == 0;
}

// What can be loaded now: a name for the engine. Yours; NULL: nothing that fits.
static char *find_near(struct wanted *wanted, struct engine *engine)
{
    struct release release;
    int has_mark = strstr(wanted->pattern, MARK) != NULL;
    const char *name = has_mark ? wanted->name : wanted->pattern;
    const struct catalog_wish wish = {.user = name};
    if (has_mark && wanted->version)
        return choose(wanted, engine);
    if (wanted->version && !fits(wanted, wanted->pattern, &release))
        return NULL;
    return engine_is_there(engine, &wish) ? mem_dup(name) : NULL;
}

static char *joined(const struct strv *names)
{
    struct str text = {0};
    for (size_t i = 0; i < names->count; i++)
        str_print(&text, "%s%s", i ? ", " : "", names->item[i]);
    return str_take(&text);
}

// Loads what can be loaded now, if it is not already. Returns 1, 0 if there is nothing that fits, -1 with err.
static int load_near(struct wanted *wanted, struct err *err)
{
    struct engine engine = {0};
    CLEANUP_STRV struct strv names = {0};
    int status = line_modules_begin(wanted->cli, &engine, err) < 0 ? -1
                 : is_loaded(wanted, &engine.loaded)               ? 1
                                                                   : 0;
    char *near = status ? NULL : find_near(wanted, &engine);
    if (near) {
        strv_take(&names, near);
        status = line_modules_load_by(wanted->cli, &engine, &names, err) < 0 ? -1 : 1;
    }
    engine_free(&engine);
    return status;
}

// What is loaded now may be another module path than before the site's modules were.
static int find_and_load(struct wanted *wanted, struct err *err)
{
    CLEANUP_STRV struct strv names = {0}, seen = {0};
    const struct line_route_ask ask = {wanted->name, is_wanted, wanted};
    int status = load_near(wanted, err);
    if (status)
        return status < 0 ? -1 : 0;
    if (!line_routes_find(wanted->cli, &ask, &names, &seen) && !wanted->version)
        strv_add(&names, strstr(wanted->pattern, MARK) ? wanted->name : wanted->pattern);
    if (names.count)
        return line_modules_load(wanted->cli, &names, err);
    free(wanted->cli->module_pythons);
    wanted->cli->module_pythons = joined(&seen);
    return 0;
}

static int load_module(struct cli *cli, const struct site_file *site, const char *version,
                       struct err *err)
{
    struct wanted wanted = {.cli = cli, .pattern = site->python_module, .version = version};
    const char *slash = strrchr(wanted.pattern, '/');
    CLEANUP_LOADED struct loaded loaded = {0};
    wanted.name = slash ? mem_dupn(wanted.pattern, (size_t)(slash - wanted.pattern))
                        : mem_dup(wanted.pattern);
    int status = loaded_read(&loaded, &cli->vars, err);
    int is_done = status == 0 && is_loaded(&wanted, &loaded);
    if (status == 0 && !is_done)
        status = line_modules_load(cli, &site->modules, err);
    if (status == 0 && !is_done)
        status = find_and_load(&wanted, err);
    if (status < 0 && err && err->code == ERR_NO_MODULE)
        err_hint(err, "in", "%s: python = \"module:%s\"", site->document.path, wanted.pattern);
    free(wanted.name);
    return status;
}

// The active environment stands before the module where it fits. Returns 1 if it does; its modules
// are then loaded.
static int is_active(struct cli *cli, const char *want, int *ret_status, struct err *err)
{
    const char *venv = vars_get(&cli->vars, "VIRTUAL_ENV");
    const char *conda = vars_get(&cli->vars, "CONDA_PREFIX");
    *ret_status = 0;
    if (!(venv && *venv) && !(conda && *conda))
        return 0;
    struct python python = {0};
    CLEANUP_FREE char *cache = setting_cache(cli);
    const struct python_ask ask = {.want = want, .vars = &cli->vars, .cache = cache};
    if (venv && *venv && !want)
        *ret_status = line_modules_env(cli, venv, err);
    if (*ret_status < 0)
        return 1;
    int found = python_find(&ask, &python, NULL) == 0 &&
                (python.origin == PYTHON_VENV || python.origin == PYTHON_CONDA);
    python_free(&python);
    if (found && want && venv && *venv)
        *ret_status = line_modules_env(cli, venv, err);
    return found;
}

// "3.11" of "3.11" and "python3.11", as python_find takes it; NULL: it is a path, or another program.
static const char *version_of(const char *want)
{
    struct release release = {.parts = 3, .pre = 'z'}, ignored;
    if (str_starts(want, "python") && release_parse(want + 6, &ignored) == 0)
        return want + 6;
    return strchr(want, '/') || release_fits(&release, want, NULL) < 0 ? NULL : want;
}

int line_modules_python(struct cli *cli, const char *want, struct err *err)
{
    const char *env = cli->options.env;
    const struct site_file *site = site_of(cli);
    const char *version = want ? version_of(want) : NULL;
    int status;
    if (env && strcmp(env, "none") != 0)
        return line_modules_env(cli, env, err);
    if (want && !version) // it may be the interpreter or the folder of an environment
        return 0;
    if (!env && is_active(cli, version, &status, err))
        return status;
    return site && site->python_module ? load_module(cli, site, version, err) : 0;
}

int line_modules_hint(const struct cli *cli, struct err *err)
{
    const struct site_file *site = site_of(cli);
    if (!err || err->code != ERR_NO_PYTHON || !cli->module_pythons || !site)
        return -1;
    CLEANUP_FREE char *name = mem_dup(site->python_module);
    name[strcspn(name, "{")] = '\0';
    if (*cli->module_pythons)
        err_hint(err, "found", _("modules: %s"), cli->module_pythons);
    return err_hint(err, "try", "lopin module spider %.*s", (int)strcspn(name, "/"), name);
}
