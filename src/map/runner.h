// SPDX-License-Identifier: Apache-2.0
// runner: one dataset a task, in slots, until all are done or it is told to stop.
//
// One thread, one poll loop, and only that thread starts processes (PDEATHSIG follows it). What
// can block is in pools. A slot is free at the exit of its task; the end is recorded when its
// output is published.
#pragma once

#include "map/run.h"

// Returns 0 with *ret filled, or -1 with err if it could not begin.
int runner_run(const struct run *run, const struct runner_listener *listener,
               struct run_result *ret, struct err *err);
