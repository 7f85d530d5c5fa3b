// SPDX-License-Identifier: Apache-2.0
// threads_found: what a run's look at the threads of its tasks found, while it runs and in its report.
#pragma once

#include <jansson.h>

#include "base/str.h"
#include "run/state.h"

// Adds "threads fit.py: 8 processes x 1 thread ask for ...", and a line with the cure.
void found_add_record(struct str *into, const struct record *record);
// The same of all that the journals hold.
void found_add(struct str *into, const struct state *state);
// Sets processes, threads, cores, run and wait of an object.
void found_put_pace(json_t *object, const struct record_pace *pace);
json_t *found_json(const struct state *state); // a list; a new reference
