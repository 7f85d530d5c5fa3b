// SPDX-License-Identifier: Apache-2.0
// storage: what a run does while its disk is full or failing: begins no task, keeps what could
// not be written, tries again each second, and gives up once nothing of it runs any more and
// either it is being stopped or half a minute has passed.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct workshop;
struct storage {    // the trouble of a run; zero: there is none
    struct err err; // the latest
    // CLOCK_BOOTTIME: since when (0: not), the next try, when something of it last ran
    int64_t since_us, retry_us, idle_us;
    int probing; // the last try wrote all that waits: a task may begin
    int begun;   // and one has
    int last;    // the last try is made
};
// Something could not be written. Returns 1 if the reason may pass (err_may_pass), so that it is
// to be tried again; else it ends the run, by workshop->err.
int storage_failed(struct workshop *workshop, const struct err *err);
// Whether the disk of the run's folder or of a dataset's output has no room: then as
// storage_failed, with the cause in *err too.
int storage_is_full(struct workshop *workshop, uint32_t index, struct err *err);
int storage_holds(const struct workshop *workshop); // no task may begin
void storage_begun(struct workshop *workshop);      // one has begun
// The trouble is neither over nor given up.
int storage_pending(const struct workshop *workshop);
// Tries again if that is due; `stopping`: no task will begin, whatever comes of it. Having given
// up it sets workshop->err. Returns when it has to be called again, or INT64_MAX.
int64_t storage_tend(struct workshop *workshop, int stopping, int64_t now);
