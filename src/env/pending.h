// SPDX-License-Identifier: Apache-2.0
// pending: what is left to do when a new folder of packages has taken its place: commands get their
// names, those of removed packages go. It is written into that folder beforehand, so that whoever
// comes after a kill finishes it.
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "env/site.h"

// Writes it into the folder of packages that is being made (a descriptor). `renames`: temporary and
// final names in turn, `removals`: paths, both below the prefix. Nothing is written where there is
// nothing to do. Returns 0, or -1 with err.
int pending_write(int packages, const struct strv *renames, const struct strv *removals,
                  struct err *err);
// Does what is pending in an environment, if anything is. Returns 0, or -1 with err.
int pending_finish(const struct site *site, struct err *err);
