// SPDX-License-Identifier: Apache-2.0
// cmd_completion: `lopin completion SHELL`, and `lopin completion runs`, which those scripts
// call.
#include <ctype.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/completion.h"
#include "cli/say.h"
#include "map/folder.h"
#include "map/spec.h"

enum { RUNS_SHOWN = 50 }; // the newest: completion must not read a thousand files

static int has_small(const char *word)
{
    for (; *word; word++)
        if (!islower((unsigned char)*word) && *word != '-' && !isdigit((unsigned char)*word))
            return 0;
    return 1;
}

// "bash|zsh|fish": small words are meant as they are.
static void add_fixed(struct completion *ret, const char *words)
{
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, words, '|');
    for (size_t i = 0; i < parts.count; i++)
        if (*parts.item[i] && has_small(parts.item[i]))
            strv_add(&ret->words, parts.item[i]);
}

void completion_of_value(const struct opt *opt, struct completion *ret)
{
    *ret = (struct completion){0};
    add_fixed(ret, opt->value);
    if (strstr(opt->value, "FILE") || strstr(opt->value, "PATH") ||
        strstr(opt->value, "PATTERN"))
        ret->source = SOURCE_FILES;
    else if (strstr(opt->value, "DIR"))
        ret->source = SOURCE_FOLDERS;
}

void completion_of_command(const struct cli_command *command, struct completion *ret)
{
    *ret = (struct completion){0};
    const char *words = command->words;
    if (strstr(words, "SCRIPT"))
        ret->source = SOURCE_FILES;
    else if (strstr(words, "PROGRAM"))
        ret->source = SOURCE_PROGRAMS;
    else if (strstr(words, "RUN:"))
        ret->source = SOURCE_LOGS;
    else if (strstr(words, "RUN"))
        ret->source = SOURCE_RUNS;
    else if (strstr(words, "ERROR"))
        for (int code = 1; code < ERR_COUNT; code++)
            strv_add(&ret->words, err_name(code));
    else if (strstr(words, "COMMAND"))
        for (const struct cli_command *each = cli_commands; each->name; each++)
            strv_add(&ret->words, each->name);
    else if (strchr(words, '|'))
        add_fixed(ret, words);
}

void completion_free(struct completion *completion)
{
    strv_free(&completion->words);
}

int completion_ends(const struct cli_command *command)
{
    return (command->command & (COMMAND_MAP | COMMAND_RUN | COMMAND_EXEC)) != 0;
}

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
    else
        return unknown(word, err);
    return say_data(cli, &text, err);
}
