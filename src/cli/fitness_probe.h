// SPDX-License-Identifier: Apache-2.0
// fitness_probe: packages whose needs nobody knows, put in by a processor that has more than this one, are
// imported once in a child: what an illegal instruction ends there would end a task. The answer is
// kept in the cache by what is in the environment and the processor's level.
#pragma once

#include "cli/cli.h"
#include "env/fit.h"
#include "env/python.h"

// Of the items FIT_UNKNOWN of `fit`; nothing is started where there are none. Returns 0, or -1 with
// [cpu-level].
int fitness_probe(const struct cli *cli, const struct python *python, const struct site *site,
                  const struct fit *fit, const struct stamp_machine *machine, struct err *err);
