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
