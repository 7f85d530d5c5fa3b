// SPDX-License-Identifier: Apache-2.0
// pip_other: verbs of pip that lopin lacks go to the real pip: that of the environment, else the one
// that the installation carries for venv (ensurepip), else the installation's own by its --python.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/pip.h"
#include "cli/pip_real.h"

static int become(const struct strv *words, const struct vars *vars, struct err *err)
{
    const struct proc proc = {.path = words->item[0],
                              .argv = words->item,
                              .envp = vars->list.item,
                              .folder = -1,
                              .in = -1,
                              .out = -1,
                              .error = -1};
    proc_become(&proc);
    return err_errno(err, ERR_NO_PROGRAM, errno, _("cannot execute '%s'"), words->item[0]);
}

// PyPI has no search for programs any more, and the real pip ends in a traceback.
static int no_search(const struct cli *cli, struct err *err)
{
    CLEANUP_STR struct str word = {0};
    CLEANUP_FREE char *pattern =
        mem_print("*%s*", cli->words.count > 1 ? cli->words.item[1] : "");
    str_add_shell(&word, pattern);
    err_set(err, ERR_USAGE, _("indexes cannot be searched any more"));
    err_hint(err, "try", "lopin wheels %s", word.text);
    return err_hint(err, "try", "https://pypi.org/search/");
}

int pip_other(struct cli *cli, const char *verb, struct err *err)
{
    if (strcmp(verb, "search") == 0)
        return no_search(cli, err);
    struct pip pip;
    struct python python = {0};
    struct strv words = {0};
    int status = -1;
    if (pip_open(cli, &pip, err) == 0 && pip_python(&pip, &python, err) == 0) {
        if (pip_real_words(pip.site.packages, &python, &words) < 0) {
            err_set(err, ERR_USAGE,
                    _("lopin pip has no verb '%s', and there is no other pip here"), verb);
            err_hint(err, "try", "lopin venv --upgrade --seed %s", pip.site.prefix);
        } else {
            strv_add_all(&words, &cli->words);
            status = become(&words, &cli->vars, err);
        }
    }
    strv_free(&words);
    python_free(&python);
    pip_close(&pip);
    return status;
}
