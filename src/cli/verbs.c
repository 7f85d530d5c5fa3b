// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/say.h"

const struct cli_command *verbs_find(const struct cli_command *verbs, const char *name)
{
    for (; verbs->name; verbs++)
        if (strcmp(verbs->name, name) == 0)
            return verbs;
    return NULL;
}

void verbs_add(struct str *into, const struct cli_command *verbs)
{
    for (; verbs->name; verbs++)
        str_print(into, "  %-12s%s\n", verbs->name, lang_text(verbs->help));
}

static int show_help(const struct cli *cli, const char *family, const struct cli_command *verb,
                     struct err *err)
{
    CLEANUP_STR struct str text = {0};
    say_add_label(&text, _("usage:"));
    str_print(&text, "lopin %s %s %s\n%s\n\n", family, verb->name, verb->words,
              lang_text(verb->help));
    opt_help(options_table, verb->command, &text);
    return say_data(cli, &text, err);
}

int verbs_run(struct cli *cli, const char *family, const struct cli_command *verb,
              struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    if (options_read(&cli->options, verb->command, cli->words.item + 1, &words, err) < 0)
        return -1;
    if (cli->options.help)
        return show_help(cli, family, verb, err);
    if (config_settle(cli, verb->command, err) < 0)
        return -1;
    struct strv before = cli->words;
    cli->words = words;
    int status = verb->run(cli, err);
    cli->words = before;
    return status;
}
