// SPDX-License-Identifier: Apache-2.0
// screen: a run while it is running.
//
// On a terminal two live lines, redrawn in place, and a line for each failure above them;
// elsewhere a line a minute and a line for each failure; with --quiet nothing; with --json an
// object a line for each event, on stdout, and no talk.
#pragma once

#include "cli/cli.h"
#include "map/run.h"

struct screen;
// Borrows cli until screen_free. Never NULL. With --json writes the "run" event.
struct screen *screen_new(const struct cli *cli, const struct run *run);
// What the runner reports to.
struct runner_listener screen_listener(struct screen *screen);
// Takes the live lines away, so that what is said next stands on a line of its own.
void screen_clear(struct screen *screen);
// With --json writes the "close" event; `status` is the exit status to come. Else as
// screen_clear.
void screen_end(struct screen *screen, const struct run_result *result, int status);
void screen_free(struct screen *screen);
