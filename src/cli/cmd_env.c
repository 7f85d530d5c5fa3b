// SPDX-License-Identifier: Apache-2.0
// cmd_env: `lopin env VERB`: each verb has its own options.
#include "base/lang.h"
#include "cli/env.h"
#include "cli/verbs.h"

const struct cli_command env_verbs[] = {
    {"check", COMMAND_ENV_CHECK, env_check, "[OPTION...] [DIR]",
     N_("whether an environment can work on this machine, or another one"), NULL},
    {"lock", COMMAND_ENV_LOCK, env_lock, "[OPTION...] [PACKAGE...]",
     N_("write which versions and files are taken, with hashes: lopin.lock"), NULL},
    {"sync", COMMAND_ENV_SYNC, env_sync, "[OPTION...] [FILE]",
     N_("make an environment what a lock says, and nothing else"), NULL},
    {"show", COMMAND_ENV_SHOW, env_show, "[OPTION...] [DIR]",
     N_("what an environment is made of, and where from"), NULL},
    {"verify", COMMAND_ENV_VERIFY, env_verify, "[OPTION...] [DIR]",
     N_("whether each file is as its wheel has it"), NULL},
    {"thaw", COMMAND_ENV_THAW, env_thaw, "[OPTION...] PACKAGE...",
     N_("give a package files of its own in place of links, to edit them"), NULL},
    {"gc", COMMAND_ENV_GC, env_gc, "[OPTION...]",
     N_("remove what nobody used for long from the cache"), NULL},
    {"pack", COMMAND_ENV_PACK, env_pack, "[OPTION...] FILE [DIR]",
     N_("an environment as one file"), NULL},
    {"unpack", COMMAND_ENV_UNPACK, env_unpack, "[OPTION...] FILE [DIR]",
     N_("an environment from such a file, on this machine's own disk"), NULL},
    {0},
};

int cmd_env(struct cli *cli, struct err *err)
{
    const char *name = cli->words.count ? cli->words.item[0] : NULL;
    const struct cli_command *verb = name ? verbs_find(env_verbs, name) : NULL;
    if (verb)
        return verbs_run(cli, "env", verb, err);
    const char *names[16];
    size_t count = 0;
    CLEANUP_STR struct str list = {0};
    for (verb = env_verbs; verb->name && count + 1 < COUNT(names); verb++) {
        str_print(&list, "%s%s", count ? "|" : "lopin env ", verb->name);
        names[count++] = verb->name;
    }
    names[count] = NULL;
    if (!name)
        err_set(err, ERR_USAGE, _("env takes a verb"));
    else
        err_set(err, ERR_USAGE, _("unknown verb '%s'"), name);
    const char *near = name ? opt_nearest(name, names) : NULL;
    return near ? err_hint(err, "try", "lopin env %s", near)
                : err_hint(err, "try", "%s", str_text(&list));
}
