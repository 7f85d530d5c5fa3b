// SPDX-License-Identifier: Apache-2.0
#include "cli/pip.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/fitness.h"
#include "cli/line_modules.h"
#include "cli/path_packages.h"
#include "cli/setting.h"
#include "env/lost.h"

// The environment's folder, and the variable that names it; NULL for --env.
static const char *folder_of(const struct cli *cli, const char **ret_variable)
{
    static const char *const names[] = {"VIRTUAL_ENV", "CONDA_PREFIX"};
    *ret_variable = NULL;
    if (cli->options.env)
        return cli->options.env;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *folder = vars_get(&cli->vars, names[i]);
        if (folder && *folder) {
            *ret_variable = names[i];
            return folder;
        }
    }
    return NULL;
}

// What the installation has, which an environment with system-site-packages sees behind its own.
static int read_system(struct pip *pip, struct err *err)
{
    struct python python;
    if (pip_python(pip, &python, err) < 0)
        return -1;
    const char *base = python.facts.base;
    int major = pip->site.major;
    int minor = pip->site.minor;
    char *const folders[] = {
        mem_print("%s/local/lib/python%d.%d/dist-packages", base, major, minor),
        mem_print("%s/lib/python%d.%d/site-packages", base, major, minor),
        mem_print("%s/lib/python%d/dist-packages", base, major)};
    int status = 0;
    for (size_t i = 0; i < COUNT(folders); i++) {
        if (status == 0)
            status = dists_read(folders[i], &pip->dists, &pip->odd, err);
        free(folders[i]);
    }
    python_free(&python);
    return status;
}

static int no_env(const char *folder, const char *variable, struct err *err)
{
    CLEANUP_STR struct str word = {0};
    if (!err || err->code != ERR_NO_ENV || *err->hint)
        return -1;
    str_add_shell(&word, folder);
    if (variable) {
        err_hint(err, "in", "%s", variable);
        return err_hint(err, "try", "deactivate");
    }
    return err_hint(err, "try", "lopin venv %s", word.text);
}

int pip_open(struct cli *cli, struct pip *ret, struct err *err)
{
    const char *variable;
    const char *folder = folder_of(cli, &variable);
    *ret = (struct pip){.cli = cli};
    if (!folder) {
        err_set(err, ERR_NO_ENV, _("no environment is active, and none is named"));
        return err_hint(err, "try", "lopin venv ENV && . ENV/bin/activate");
    }
    CLEANUP_FREE char *prefix = fs_absolute(cli->cwd, folder);
    if (site_open(prefix, &ret->site, err) < 0)
        return lost_check(prefix, NULL) < 0 ? lost_check(prefix, err)
                                            : no_env(folder, variable, err);
    if (dists_read(ret->site.packages, &ret->dists, &ret->odd, err) < 0)
        return -1;
    if (cli->options.pack.local)
        return 0;
    return path_packages_read(cli, &ret->dists, &ret->odd, err) < 0 ? -1
           : ret->site.system_site                                  ? read_system(ret, err)
                                                                    : 0;
}

void pip_close(struct pip *pip)
{
    site_free(&pip->site);
    dists_free(&pip->dists);
    strv_free(&pip->odd);
}

int pip_python(const struct pip *pip, struct python *ret, struct err *err)
{
    CLEANUP_FREE char *cache = setting_cache(pip->cli);
    const struct python_ask ask = {
        .env = pip->site.prefix, .vars = &pip->cli->vars, .cache = cache};
    *ret = (struct python){0};
    if (line_modules_env(pip->cli, pip->site.prefix, err) < 0)
        return -1;
    if (lost_modules(&pip->site, &pip->cli->vars, err) < 0)
        return -1;
    if (python_find(&ask, ret, err) < 0)
        return fitness_why(pip->cli, pip->site.prefix, err);
    return fitness_python(&pip->site, &ret->facts, err);
}

int pip_is_own(const struct pip *pip, const struct dist *dist)
{
    return strcmp(dist->folder, pip->site.packages) == 0;
}

int pip_scene_open(struct cli *cli, struct pip_scene *ret, struct err *err)
{
    *ret = (struct pip_scene){0};
    return pip_open(cli, &ret->pip, err) < 0 || pip_python(&ret->pip, &ret->python, err) < 0 ||
                   profile_read(&ret->python, &cli->vars, &ret->profile, err) < 0
               ? -1
               : 0;
}

void pip_scene_close(struct pip_scene *scene)
{
    profile_free(&scene->profile);
    python_free(&scene->python);
    pip_close(&scene->pip);
}
