// SPDX-License-Identifier: Apache-2.0
// advice: what the figures of a run mean, and what to type next time.
#pragma once

#include "cli/cli.h"
#include "run/report.h"
#include "run/saved.h"

// Adds the lines on cores, memory, tasks and balance, each with a verdict; and where less than
// 70 % of the cores were used the largest reason with its cure. Nothing if no task ended.
void advice_add(struct str *text, const struct cli *cli, const struct saved *saved,
                const struct report *report);
