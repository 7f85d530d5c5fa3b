// SPDX-License-Identifier: Apache-2.0
// completion: the script of a shell that completes lopin's words, made from the tables of
// commands and options.
//
// What can stand at a place is a struct completion: some fixed words, and a source of others.
#pragma once

#include "base/str.h"
#include "cli/cli.h"

// What a person types for it.
#define COMPLETION_BASH "source <(lopin completion bash)"
#define COMPLETION_ZSH  "source <(lopin completion zsh)"
#define COMPLETION_FISH "lopin completion fish | source"

enum completion_source {
    SOURCE_NONE,
    SOURCE_FILES,
    SOURCE_FOLDERS,
    SOURCE_PROGRAMS,
    SOURCE_RUNS,       // of the current folder: `lopin completion runs`
    SOURCE_LOGS,       // the same with ':' behind, for `lopin log`
    SOURCE_PARTITIONS, // of Slurm, as the next ones: `lopin completion partitions`
    SOURCE_ACCOUNTS,
    SOURCE_QOS,
    SOURCE_MODULES, // `lopin module complete`, with all the words
};
struct completion {
    enum completion_source source;
    struct strv words; // of a-z, digits and '-' only: no shell takes them for anything else
};
// What follows an option that takes a value, from its words for help ("size|given|random",
// "FILE").
void completion_of_value(const struct opt *opt, struct completion *ret);
// What follows a command and its options, from its words for usage.
void completion_of_command(const struct cli_command *command, struct completion *ret);
// What stands before words of its own: commands, then the verbs of some. The first for NULL, NULL after
// the last.
const struct cli_command *completion_next(const struct cli_command *last);
// Its name in the scripts: "map", "pip-install".
void completion_add_key(struct str *into, const struct cli_command *command);
// Its options: those that may stand before a verb are few.
enum command completion_options(const struct cli_command *command);
void completion_free(struct completion *completion);
#define CLEANUP_COMPLETION CLEANUP(completion_free)
// Words behind the first one belong to the script: options of lopin end there.
int completion_ends(const struct cli_command *command);

// completion_slurm.c: adds a line for each partition, account or QOS ("partitions", "accounts", "qos") that
// the user has. Slurm has a second to answer; where it does not, or is not there, nothing is added.
void completion_slurm(const struct cli *cli, const char *what, struct str *into);

void completion_bash(struct str *into);
void completion_zsh(struct str *into);
void completion_fish(struct str *into);
