// SPDX-License-Identifier: Apache-2.0
// completion: what can stand at a place of a line, read from the words that the tables have for
// people, so that help and completion cannot differ.
#include "cli/completion.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "cli/config.h"
#include "cli/pip.h"

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
    if (opt->id == OPTION_SLURM_PARTITION)
        ret->source = SOURCE_PARTITIONS;
    else if (opt->id == OPTION_SLURM_ACCOUNT)
        ret->source = SOURCE_ACCOUNTS;
    else if (opt->id == OPTION_SLURM_QOS)
        ret->source = SOURCE_QOS;
    else if (strstr(opt->value, "FILE") || strstr(opt->value, "PATH") ||
             strstr(opt->value, "PATTERN"))
        ret->source = SOURCE_FILES;
    else if (strstr(opt->value, "DIR"))
        ret->source = SOURCE_FOLDERS;
}

// The command whose verb it is, NULL if it is none.
static const struct cli_command *family_of(const struct cli_command *verb)
{
    for (const struct cli_command *command = cli_commands; command->name; command++)
        for (const struct cli_command *each = command->verbs; each && each->name; each++)
            if (each == verb)
                return command;
    return NULL;
}

const struct cli_command *completion_next(const struct cli_command *last)
{
    const struct cli_command *next = last ? last + 1 : cli_commands;
    if (next->name)
        return next;
    const struct cli_command *family = family_of(last);
    family = family ? family + 1 : cli_commands;
    while (family->name && !family->verbs)
        family++;
    return family->verbs;
}

void completion_add_key(struct str *into, const struct cli_command *command)
{
    const struct cli_command *family = family_of(command);
    str_print(into, "%s%s%s", family ? family->name : "", family ? "-" : "", command->name);
}

enum command completion_options(const struct cli_command *command)
{
    return command->command == COMMAND_PIP ? COMMAND_PIP_OTHER : command->command;
}

void completion_of_command(const struct cli_command *command, struct completion *ret)
{
    *ret = (struct completion){0};
    const char *words = command->words;
    if (command->command == COMMAND_MODULE)
        ret->source = SOURCE_MODULES;
    else if (command->verbs)
        for (const struct cli_command *verb = command->verbs; verb->name; verb++)
            strv_add(&ret->words, verb->name);
    else if (strstr(words, "ERROR"))
        for (int code = 1; code < ERR_COUNT; code++)
            strv_add(&ret->words, err_name(code));
    else if (command->command == COMMAND_INSTALL)
        ret->source = SOURCE_FILES; // wheels
    else if (command->command == COMMAND_VENV)
        ret->source = SOURCE_FOLDERS;
    else if (strstr(words, "SCRIPT"))
        ret->source = SOURCE_FILES;
    else if (strstr(words, "PROGRAM"))
        ret->source = SOURCE_PROGRAMS;
    else if (strstr(words, "RUN:"))
        ret->source = SOURCE_LOGS;
    else if (strstr(words, "RUN"))
        ret->source = SOURCE_RUNS;
    else if (strstr(words, "KEY"))
        config_keys(&ret->words);
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
    return (command->command &
            (COMMAND_MAP | COMMAND_TRY | COMMAND_RUN | COMMAND_EXEC | COMMAND_ALLOC)) != 0;
}
