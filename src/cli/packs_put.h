// SPDX-License-Identifier: Apache-2.0
// packs_put: a solved and filled set of packages, into an environment.
#pragma once

#include "cli/packs.h"
#include "env/site.h"

// `prefix`: where the environment will be; `fresh`: nobody uses it yet. Returns 0, or -1 with err.
int packs_put(struct packs *packs, const struct site *site, const char *prefix, int fresh,
              struct err *err);
// Which architecture was taken, and other things that a person may want to know.
void packs_say_notes(struct packs *packs);
// Says to the store, before there are links, that an environment leads into it; those of the cache itself
// are found there. Returns 1 if this store never heard of that environment, else 0 (also where it cannot
// be said).
int packs_lease(const struct packs *packs, const char *prefix);
