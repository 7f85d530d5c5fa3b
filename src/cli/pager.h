// SPDX-License-Identifier: Apache-2.0
// pager: long text for a person.
#pragma once

#include "cli/cli.h"

// Data to stdout; on a terminal through $PAGER, or less if it is there (an empty PAGER:
// neither). Returns 0, or -1 with err.
int pager_show(struct cli *cli, const struct str *text, struct err *err);
// The same of what is shown on stderr, where that is a terminal and it does not fit: where stdout is
// code for a shell. LMOD_PAGER counts before PAGER.
void pager_talk(struct cli *cli, const struct str *text);
