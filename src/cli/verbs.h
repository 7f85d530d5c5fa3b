// SPDX-License-Identifier: Apache-2.0
// verbs: commands whose first word is a verb with options of its own (`lopin pip install`,
// `lopin env lock`).
#pragma once

#include "cli/cli.h"

// By name; NULL if there is none.
const struct cli_command *verbs_find(const struct cli_command *verbs, const char *name);
// Reads the options behind the first of cli->words, which is the verb, and runs it with what is left as
// its words. As a command returns.
int verbs_run(struct cli *cli, const char *family, const struct cli_command *verb,
              struct err *err);
// Adds a line for each verb, for the help.
void verbs_add(struct str *into, const struct cli_command *verbs);
