// SPDX-License-Identifier: Apache-2.0
// cmd_venv: `lopin venv ENV`: an isolated environment, in one step: it is made beside ENV and renamed,
// so that a kill leaves the old one or none.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/env_make.h"
#include "cli/env_mend.h"
#include "cli/fitness.h"
#include "cli/line_modules.h"
#include "cli/packs_line.h"
#include "cli/packs_memo.h"
#include "cli/packs_put.h"
#include "cli/path_packages.h"
#include "cli/pip_real.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/cfg.h"
#include "env/venv.h"

// What is at the place: nothing, an empty folder, an environment, or something else.
enum place { PLACE_FREE, PLACE_EMPTY, PLACE_ENV, PLACE_OTHER };

static int look_at(const char *path, enum place *ret, struct err *err)
{
    struct stat st;
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", path);
    *ret = PLACE_FREE;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0
                               : err_errno(err, ERR_USAGE, errno, _("cannot use '%s'"), path);
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(err, ERR_USAGE, _("'%s' is there and is no folder"), path);
    *ret = access(config, F_OK) == 0 ? PLACE_ENV
           : fs_is_empty(path)       ? PLACE_EMPTY
                                     : PLACE_OTHER;
    return 0;
}

static int refuse(const char *path, struct err *err)
{
    err_set(err, ERR_USAGE, _("'%s' has files and is no environment"), path);
    return err_hint(err, "try", _("another name, or --clear to remove what is in it"));
}

// An environment that is there keeps its packages, and gets what is asked for beside them.
static int renew(const struct cli *cli, const struct venv_ask *ask, const struct python *python,
                 struct packs *packs, struct err *err)
{
    struct site site = {0};
    int status = venv_write(ask, ask->prefix, err) < 0 ||
                         site_open(ask->prefix, &site, err) < 0 ||
                         env_mend(cli, python, &site, err) < 0 ||
                         (packs && packs_put(packs, &site, ask->prefix, 0, err) < 0)
                     ? -1
                     : 0;
    site_free(&site);
    return status;
}

// With --link whole: where the same line led to the last time, which is all that is needed then.
// Returns 1, or 0 if that is not known.
static int make_again(const struct venv_ask *ask, struct packs *packs, const char *memo,
                      int old)
{
    if (!memo || packs_memo_read(memo, &packs->shared) < 0)
        return 0;
    if (env_make(ask, packs, old, NULL) == 0)
        return 1;
    free(TAKE(packs->shared));
    return 0;
}

static int make_whole(const struct venv_ask *ask, struct packs *packs, int old, struct err *err)
{
    CLEANUP_FREE char *memo = packs_memo_name(packs);
    if (make_again(ask, packs, memo, old))
        return 0;
    if (packs_solve(packs, err) < 0 || packs_fill(packs, err) < 0 ||
        env_make(ask, packs, old, err) < 0)
        return -1;
    if (memo && packs->shared)
        packs_memo_write(memo, packs->shared, NULL);
    return 0;
}

static int make(const struct cli *cli, const struct venv_ask *ask, const struct python *python,
                struct packs *packs, enum place place, struct err *err)
{
    int is_new = place != PLACE_ENV || cli->options.pack.clear;
    if (packs && is_new && cli->options.pack.link == LINK_WHOLE)
        return make_whole(ask, packs, place != PLACE_FREE, err);
    if (packs && (packs_solve(packs, err) < 0 || packs_fill(packs, err) < 0))
        return -1;
    if (place == PLACE_ENV && !cli->options.pack.clear)
        return renew(cli, ask, python, packs, err);
    return env_make(ask, packs, place != PLACE_FREE, err);
}

// Packages of another X.Y are in a folder where this interpreter does not look.
static int refuse_version(const struct site *site, const struct facts *facts, struct err *err)
{
    err_set(err, ERR_USAGE, _("'%s' has Python %d.%d and its packages, not %s"), site->prefix,
            site->major, site->minor, facts->version);
    return err_hint(err, "try", _("--python %d.%d, or --clear to remove what is in it"),
                    site->major, site->minor);
}

// What is installed in an environment that is renewed.
static int read_installed(const struct venv_ask *ask, struct dists *ret, struct err *err)
{
    struct site site;
    int major;
    int minor;
    if (site_open(ask->prefix, &site, NULL) < 0)
        return 0;
    int is_same = sscanf(ask->facts->version, "%d.%d", &major, &minor) == 2 &&
                  major == site.major && minor == site.minor;
    int status = is_same ? dists_read(site.packages, ret, NULL, err)
                         : refuse_version(&site, ask->facts, err);
    site_free(&site);
    return status;
}

static void tell(const struct cli *cli, const struct venv_ask *ask, const struct python *python)
{
    CLEANUP_STR struct str path = {0};
    CLEANUP_STR struct str word = {0};
    str_add_visible(&path, python->path, strlen(python->path));
    str_add_shell(&word, cli->words.item[0]);
    say_label(cli, _("env"), "python %s   %s", ask->facts->version, path.text);
    say_label(cli, _("use it"), ". %s/bin/activate", word.text);
}

static char *prompt_of(const struct cli *cli)
{
    const char *prompt = cli->options.pack.prompt;
    return prompt ? mem_dup(strcmp(prompt, ".") == 0 ? fs_base(cli->cwd) : prompt) : NULL;
}

// The wheels of --seed.
static int seeds_of(const struct cli *cli, const struct python *python, struct strv *ret,
                    struct err *err)
{
    if (!cli->options.pack.seed)
        return 0;
    pip_real_bundled(python, ret);
    return ret->count ? 0
                      : err_set(err, ERR_NO_WHEEL, _("'%s' comes without the wheel of pip"),
                                python->facts.base);
}

static int make_with(const struct cli *cli, const struct venv_ask *ask,
                     const struct python *python, struct err *err)
{
    enum place place;
    struct packs packs = {0};
    struct dists dists = {0};
    CLEANUP_STRV struct strv seeds = {0};
    if (look_at(ask->prefix, &place, err) < 0 || seeds_of(cli, python, &seeds, err) < 0)
        return -1;
    if (place == PLACE_OTHER && !cli->options.pack.clear)
        return refuse(ask->prefix, err);
    int has_packs =
        seeds.count || options_pack_any(&cli->options.pack) || cli->options.pack.frozen;
    const struct packs_ask packs_ask = {cli, python, &dists, &seeds};
    int status = 0;
    if (place == PLACE_ENV && !cli->options.pack.clear)
        status = read_installed(ask, &dists, err);
    if (has_packs && status == 0)
        status = path_packages_read(cli, &dists, NULL, err);
    if (has_packs && status == 0)
        status = packs_open_line(&packs_ask, &packs, err);
    if (status == 0)
        status = make(cli, ask, python, has_packs ? &packs : NULL, place, err);
    if (status == 0 && has_packs)
        packs_say_notes(&packs);
    packs_free(&packs);
    dists_free(&dists);
    return status;
}

// The interpreter of an environment that is renewed is the one that it had, where that is there still,
// else another of its X.Y.
static int find_python(const struct cli *cli, const struct cfg *was, struct python *ret,
                       struct err *err)
{
    int major, minor;
    CLEANUP_FREE char *cache = setting_cache(cli);
    CLEANUP_FREE char *version = NULL, *path = NULL;
    struct python_ask ask = {.want = cli->options.python,
                             .vars = &cli->vars,
                             .cache = cache,
                             .also = config_pythons(cli)};
    if (!ask.want && was->version && sscanf(was->version, "%d.%d", &major, &minor) == 2) {
        version = mem_print("%d.%d", major, minor);
        path = mem_print("%s/python%s", was->home ? was->home : "", version);
        ask.want = path;
        size_t size = strlen(version);
        if (was->home && access(path, X_OK) == 0 && python_find(&ask, ret, NULL) == 0) {
            const char *found = ret->facts.version;
            if (strncmp(found, version, size) == 0 && (found[size] == '.' || !found[size]))
                return 0;
            python_free(ret); // of that name, but another
        }
        ask.want = version;
    }
    return python_find(&ask, ret, err) < 0 ? fitness_why(cli, NULL, err) : 0;
}

// What is said of an environment that is renewed, and is not to be lost.
static void read_was(const struct cli *cli, const char *prefix, struct arena *arena,
                     struct cfg *ret)
{
    CLEANUP_FREE char *path = mem_print("%s/pyvenv.cfg", prefix);
    if (!cli->options.pack.refresh || cli->options.pack.clear ||
        cfg_read(AT_FDCWD, path, arena, ret, NULL) < 0)
        *ret = (struct cfg){0};
}

static int make_env(struct cli *cli, const struct cfg *was, const char *prefix, struct err *err)
{
    struct python python = {0};
    CLEANUP_FREE char *prompt = prompt_of(cli);
    CLEANUP_FREE char *lopin = fs_self();
    if (line_modules_python(cli, cli->options.python, err) < 0 ||
        find_python(cli, was, &python, err) < 0)
        return -1;
    const struct venv_ask ask = {.prefix = prefix,
                                 .facts = &python.facts,
                                 .prompt = prompt ? prompt : was->prompt,
                                 .version = LOPIN_VERSION,
                                 .lopin = lopin,
                                 .modules = vars_get(&cli->vars, "LOADEDMODULES"),
                                 .no_pip = cli->options.pack.no_pip,
                                 .system_site =
                                     cli->options.pack.system_site || was->system_site};
    int status = *python.facts.implementation
                     ? make_with(cli, &ask, &python, err)
                     : err_set(err, ERR_NO_PYTHON,
                               _("Python %s is too old for environments: 3.6 is the oldest"),
                               python.facts.version);
    if (status == 0) {
        tell(cli, &ask, &python);
        fitness_say(cli, &python, prefix);
    }
    python_free(&python);
    return status;
}

int cmd_venv(struct cli *cli, struct err *err)
{
    // "$ENV" of a variable that is not set would be the current folder
    if (cli->words.count != 1 || !*cli->words.item[0]) {
        err_set(err, ERR_USAGE, _("venv takes the folder of one environment"));
        return err_hint(err, "try", "lopin venv ENV && . ENV/bin/activate");
    }
    struct arena arena = {0};
    struct cfg was;
    CLEANUP_FREE char *prefix = fs_absolute(cli->cwd, cli->words.item[0]);
    if (strchr(prefix, ':')) // python -m venv and virtualenv refuse it too
        return err_set(err, ERR_USAGE, _("'%s' cannot be activated: PATH is cut at each ':'"),
                       prefix);
    read_was(cli, prefix, &arena, &was);
    int status = make_env(cli, &was, prefix, err);
    arena_free(&arena);
    return status;
}
