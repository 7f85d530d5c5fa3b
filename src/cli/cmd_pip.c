// SPDX-License-Identifier: Apache-2.0
// cmd_pip: `lopin pip VERB`: pip's verbs, each with its own options.
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/pip.h"
#include "cli/say.h"

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

void cmd_pip_verbs(struct str *into)
{
    for (const struct cli_command *verb = pip_verbs; verb->name; verb++)
        str_print(into, "  %-12s%s\n", verb->name, lang_text(verb->help));
}

static int show_help(const struct cli *cli, const struct cli_command *verb, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    say_add_label(&text, _("usage:"));
    str_print(&text, "lopin pip %s %s\n%s\n\n", verb->name, verb->words, lang_text(verb->help));
    opt_help(options_table, verb->command, &text);
    return say_data(cli, &text, err);
}

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
    const struct cli_command *verb = pip_verbs;
    while (verb->name && strcmp(verb->name, name) != 0)
        verb++;
    if (!verb->name)
        return pip_other(cli, name, err);
    CLEANUP_STRV struct strv words = {0};
    if (options_read(&cli->options, verb->command, cli->words.item + 1, &words, err) < 0)
        return -1;
    if (cli->options.help)
        return show_help(cli, verb, err);
    if (config_settle(cli, verb->command, err) < 0)
        return -1;
    struct strv before = cli->words;
    cli->words = words;
    int status = verb->run(cli, err);
    cli->words = before;
    return status;
}
