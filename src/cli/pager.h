// SPDX-License-Identifier: Apache-2.0
// pager: long text for a person.
#pragma once

#include "cli/cli.h"

// Data to stdout; on a terminal through $PAGER, or less if it is there (an empty PAGER:
// neither). Returns 0, or -1 with err.
int pager_show(struct cli *cli, const struct str *text, struct err *err);
