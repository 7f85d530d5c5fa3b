// SPDX-License-Identifier: Apache-2.0
// screen_events: what happens to a run as JSON, an object a line, for programs that watch it.
//
// Fields are only ever added. Each adds a line with its newline.
#pragma once

#include "base/str.h"
#include "map/runner.h"

void events_add_run(struct str *into, const struct run *run);
// `running`: tasks that run now, for the events of a stop.
void events_add(struct str *into, const struct event *event, unsigned running);
void events_add_close(struct str *into, const struct run_result *result, int status);
