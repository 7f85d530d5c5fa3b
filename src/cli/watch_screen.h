// SPDX-License-Identifier: Apache-2.0
// watch_screen: a whole terminal that shows a run, and what is typed there.
#pragma once

#include "cli/cli.h"
#include "run/watch.h"

struct watch_screen;
// Takes the terminal: its other screen (as vi and less do), keys as they are typed. NULL with
// err. The terminal is as before after watch_screen_free, also when a signal ends us.
struct watch_screen *watch_screen_new(const struct cli *cli, struct watch *watch,
                                      struct err *err);
// `crew`: a line on parcels and jobs; "": there is nothing to say of them.
void watch_screen_draw(struct watch_screen *screen, const struct progress *progress,
                       const char *crew);
// Waits for the next draw. Returns 1 when the person wants to leave (q, Ctrl-C, a signal).
int watch_screen_wait(struct watch_screen *screen, int timeout_ms);
void watch_screen_free(struct watch_screen *screen);
