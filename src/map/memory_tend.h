// SPDX-License-Identifier: Apache-2.0
// memory_tend: what the runner does with memory.h.
#pragma once

#include <stdint.h>
#include <sys/resource.h>

#include "map/task.h"
#include "memory/memory.h"
#include "run/failure.h"

enum { MEMORY_RETRY = 2000 };                       // --mem-retry, unless said
struct memory *memory_begin(const struct run *run); // memory_free it
// Looks, and ends what has to be ended. Returns when it has to be called again.
int64_t memory_tend(struct workshop *workshop, int64_t now);
// May the dataset start now?
int memory_has_room(const struct workshop *workshop, uint32_t index);
void memory_task_started(const struct workshop *workshop, const struct task *task);
void memory_task_ended(const struct workshop *workshop, const struct task *task, int status,
                       const struct rusage *usage, struct memory_death *ret);
// A death of memory as a failure.
void memory_failure(const struct memory_death *death, struct failure *ret);
