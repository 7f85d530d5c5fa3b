// SPDX-License-Identifier: Apache-2.0
// cmd_pip: `lopin pip VERB`: pip's verbs, each with its own options.
#include "base/lang.h"
#include "base/mem.h"
#include "cli/pip.h"
#include "cli/say.h"
#include "cli/verbs.h"

const struct cli_command pip_verbs[] = {
    {"install", COMMAND_INSTALL, pip_install, "[OPTION...] PACKAGE...", N_("install packages")},
    {"uninstall", COMMAND_UNINSTALL, pip_uninstall, "[OPTION...] PACKAGE...",
     N_("remove packages")},
    {"freeze", COMMAND_FREEZE, pip_freeze, "[OPTION...]",
     N_("what is installed, as a requirements file")},
    {"list", COMMAND_PIP_LIST, pip_list, "[OPTION...]", N_("what is installed, as a table")},
    {"show", COMMAND_SHOW, pip_show, "[OPTION...] PACKAGE...", N_("what is known of packages")},
    {"check", COMMAND_PIP_CHECK, pip_check, "[OPTION...]",
     N_("whether what packages require is there")},
    {0},
};

// As pip's, with our own name and version.
static int show_version(struct cli *cli, struct err *err)
{
    struct pip pip;
    CLEANUP_STR struct str text = {0};
    int status = pip_open(cli, &pip, err);
    if (status == 0) {
        str_print(&text, "lopin pip " LOPIN_VERSION " for %s (python %d.%d)\n", pip.site.prefix,
                  pip.site.major, pip.site.minor);
        status = say_data(cli, &text, err);
    }
    pip_close(&pip);
    return status;
}

int cmd_pip(struct cli *cli, struct err *err)
{
    if (cli->options.version)
        return show_version(cli, err);
    const char *name = cli->words.count ? cli->words.item[0] : NULL;
    if (!name) {
        err_set(err, ERR_USAGE, _("pip takes a verb"));
        return err_hint(err, "try", "lopin pip install|uninstall|freeze|list|show|check");
    }
    const struct cli_command *verb = verbs_find(pip_verbs, name);
    return verb ? verbs_run(cli, "pip", verb, err) : pip_other(cli, name, err);
}
