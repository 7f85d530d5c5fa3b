// SPDX-License-Identifier: Apache-2.0
// glance: how a run stands, by its summary where there is one that counts, else by its journals.
#pragma once

#include "base/err.h"
#include "run/report.h"
#include "run/saved.h"

// Reads the run whose folder the caller has put into saved->folder. By a summary, the state has
// counts and no outcomes, and saved->datasets are only those that the report names; never so
// while another process computes the run. Leaves a summary if there is none and it would save
// time. Returns 0, or -1 with err.
int glance_read(struct saved *saved, struct report *ret, struct err *err);
// The same for who shows how a run stands and no more. While it is computed the state then has,
// beside its counts, the outcomes of what runs only (state.outcomes of them), in the order of
// their datasets, which are the first of saved->datasets, and the report has its causes only.
int glance_standing(struct saved *saved, struct report *ret, struct err *err);
// What glance_standing makes of the journals of a live run: reads its roll. Returns 0, or -1
// where all is to be read.
int glance_roll(struct saved *saved, struct report *ret);
