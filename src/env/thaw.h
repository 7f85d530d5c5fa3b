// SPDX-License-Identifier: Apache-2.0
// thaw: packages that are links into the store become files of the environment's own, which may be
// edited.
#pragma once

#include "base/err.h"
#include "env/dist.h"
#include "env/site.h"

// `names`: normal names, NULL-terminated, each in `dists`. Adds to `ret_own` those that have their own
// files already. Returns 0, or -1 with err and nothing changed.
int thaw(const struct site *site, const struct dists *dists, const char *const *names,
         struct strv *ret_own, struct err *err);
