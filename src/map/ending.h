// SPDX-License-Identifier: Apache-2.0
// ending: what follows the exit of a task, up to the record of its end; inside of task.c.
#pragma once

#include <stdint.h>

#include "map/output.h"
#include "map/task.h"
#include "run/failure.h"

// A task that has ended and whose end is not recorded yet.
struct ending {
    struct workshop *workshop;
    uint32_t index;
    const struct dataset *dataset;
    struct record record;
    struct failure failure;
    char *temporary; // or NULL
    const char *goal;
    enum output_result result;
    struct err err;  // of publishing
    int waited;      // it is one of workshop->endings_waiting
    int log_is_kept; // the step that failed was publishing
    int64_t held_us; // of the workshop, at its end
    struct ending *next;
};
void ending_fail(struct ending *ending); // its record: failed, as ending->failure says
// Keeps the log, publishes the output, records the end. What a full disk does not take waits;
// ending_retry goes on with all that waits, ending_give_up leaves it without a record: their
// datasets run again, in a later start.
void ending_go_on(struct ending *ending);
void ending_retry(struct workshop *workshop);
void ending_give_up(struct workshop *workshop);
// Records the end at once, and frees it.
void ending_finish(struct ending *ending);
