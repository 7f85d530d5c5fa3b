// SPDX-License-Identifier: Apache-2.0
// screen_events: what happens to a run as JSON, an object a line, for programs that watch it.
//
// Fields are only ever added; what is not known is null. Each adds a line with its newline:
//   run       run name script folder datasets to_run done_before cores slots threads restart
//   start     dataset (its number) text slot attempt time
//   end       as start, and state cause detail code duration_s user_s system_s peak_kb output
//   threads   dataset text slot time cause program processes threads cores run wait
//   stopping, killing   running
//   close     done failed left stopped wall_s status (the exit status)
// Each has v (1) and event. Unlike talk they are never left out: a reader that does not read holds
// the run.
#pragma once

#include "base/str.h"
#include "map/run.h"

void events_add_run(struct str *into, const struct run *run);
// `running`: tasks that run now, for the events of a stop.
void events_add(struct str *into, const struct event *event, unsigned running);
void events_add_close(struct str *into, const struct run_result *result, int status);
