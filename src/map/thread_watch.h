// SPDX-License-Identifier: Apache-2.0
// thread_watch: whether what tasks start fits their slots: a look while the run is young, and now and then later.
//
// What it finds goes into the journal (RECORD_THREADS) and to the listener, each kind once in a start.
#pragma once

#include <stdint.h>

#include "map/task.h"

struct thread_watch;
struct thread_watch *thread_watch_new(int64_t now); // never NULL
void thread_watch_free(struct thread_watch *watch);
// Looks if it is time to. Returns when it has to be called again (CLOCK_BOOTTIME).
int64_t thread_watch_tend(struct workshop *workshop, int64_t now);
