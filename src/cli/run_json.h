// SPDX-License-Identifier: Apache-2.0
// run_json: a run and its tasks as JSON. Fields are only ever added.
#pragma once

#include "cli/json_text.h"
#include "run/saved.h"

// {"v":1,"run":5,"name":null,"script":...}: what list, status and report have in common. A new
// reference.
json_t *run_json(const struct saved *saved);
// One dataset and what became of it. A new reference.
json_t *run_json_task(const struct saved *saved, uint32_t index);
