// SPDX-License-Identifier: Apache-2.0
// cmd_completion: `lopin completion SHELL`, and `lopin completion runs` and the like, which those scripts
// call.
#include <ctype.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/completion.h"
#include "cli/config.h"
#include "cli/say.h"
#include "run/folder.h"
#include "run/spec.h"

enum { RUNS_SHOWN = 50 }; // the newest: completion must not read a thousand files

// A name with control bytes could not be told from the list's own newlines and tabs.
static int plain(const char *name)
{
    for (; *name; name++)
        if (iscntrl((unsigned char)*name))
            return 0;
    return 1;
}

static void add_run(struct str *text, const char *cwd, unsigned number)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    struct spec spec = {0};
    if (folder_open(cwd, number, &folder, NULL) < 0 || spec_load(&spec, folder.fd, NULL) < 0) {
        spec_free(&spec);
        return;
    }
    CLEANUP_STR struct str script = {0};
    str_add_visible(&script, spec.script, strlen(spec.script));
    str_print(text, "%u\t%s\n", number, str_text(&script));
    if (spec.name && plain(spec.name))
        str_print(text, "%s\t%s\n", spec.name, str_text(&script));
    spec_free(&spec);
}

// A line for each number and name: the word, a tab, the script. Newest first.
static void add_runs(struct str *text, const char *cwd)
{
    size_t count = 0;
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    for (size_t i = 0; i < count && i < RUNS_SHOWN; i++)
        add_run(text, cwd, numbers[count - 1 - i]);
}

static int unknown(const char *word, struct err *err)
{
    static const char *const names[] = {"bash", "zsh", "fish", NULL};
    const char *near = opt_nearest(word, names);
    err_set(err, ERR_USAGE, _("completion takes one of bash, zsh, fish"));
    if (near && strcmp(near, "fish") == 0)
        return err_hint(err, "try", COMPLETION_FISH);
    return err_hint(err, "try",
                    near && strcmp(near, "zsh") == 0 ? COMPLETION_ZSH : COMPLETION_BASH);
}

static int is_one_of(const char *word, const char *const *list)
{
    while (*list && strcmp(word, *list) != 0)
        list++;
    return *list != NULL;
}

int cmd_completion(struct cli *cli, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    const char *word = cli->words.count == 1 ? cli->words.item[0] : "";
    if (strcmp(word, "bash") == 0)
        completion_bash(&text);
    else if (strcmp(word, "zsh") == 0)
        completion_zsh(&text);
    else if (strcmp(word, "fish") == 0)
        completion_fish(&text);
    else if (strcmp(word, "runs") == 0)
        add_runs(&text, cli->cwd);
    else if (is_one_of(word, (const char *[]){"partitions", "accounts", "qos", NULL})) {
        // the site may say where the cache is
        if (config_settle(cli, COMMAND_COMPLETION, err) < 0)
            return -1;
        completion_slurm(cli, word, &text);
    } else
        return unknown(word, err);
    return say_data(cli, &text, err);
}
