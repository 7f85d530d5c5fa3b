// SPDX-License-Identifier: Apache-2.0
// log_follow: what tasks print, as they print it.
#pragma once

#include "cli/log_show.h"
#include "cli/target.h"

// Follows a run until nobody computes it, or the reader is gone, or every dataset of the
// selection has ended. Of datasets that have an end nothing is written: they were shown before.
// saved's outcomes are brought up to date. Returns 0, or -1 with err.
int log_follow(struct log_show *show, struct saved *saved, const struct selection *selection,
               struct err *err);
