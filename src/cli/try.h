// SPDX-License-Identifier: Apache-2.0
// try: what `lopin try --threads` shows.
#pragma once

#include "cli/cli.h"
#include "dataset/datasets.h"
#include "threads/gain.h"

struct try_result { // borrowed
    struct gain_ask ask;
    const char *script; // as typed
    const struct dataset *dataset;
};
// On a terminal, a line that says what is being tried; NULL takes it away.
void try_tell(const struct cli *cli, const struct gain_width *width, int turn);
// A table, what follows of it, and the lines to type.
int try_show(const struct cli *cli, const struct try_result *result, struct err *err);
int try_show_json(const struct cli *cli, const struct try_result *result, struct err *err);
