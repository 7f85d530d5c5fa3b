// SPDX-License-Identifier: Apache-2.0
// line_routes: modules that MODULEPATH does not have now, by the ways to them that spider knows.
#pragma once

#include "cli/cli.h"

struct line_route_ask {
    const char *name;                                // of the module: "python"
    int (*fits)(const void *data, const char *full); // whether that version will do
    const void *data;
};
// Of all that fit, the one that needs the fewest modules loaded before it; of those the newest version; of several
// ways to it the last, as spider's line to type. A way that fails, or takes away or replaces what is
// loaded now, is none. Adds to `names` what is to be loaded, in order, and returns 1; or returns 0
// with what there is but will not do added to `seen`, "python/3.9, python/3.11 (gcc/13 is loaded)".
int line_routes_find(struct cli *cli, const struct line_route_ask *ask, struct strv *names,
                     struct strv *seen);
