// SPDX-License-Identifier: Apache-2.0
// usage: the time of slots and cores in all starts and resumptions of a run, from its journals.
// Time of cores and slots is a sum over journals, wall time is not (spans.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "run/journal.h"
#include "run/spans.h"
#include "run/spec.h"

struct usage { // usage_begin, usage_add each record, usage_end
    int64_t wall_us;
    uint32_t most_cores; // of all that ran at one time
    int64_t cpu_us;      // user + system of the attempts that ended
    int64_t ended_us;    // time of the attempts that ended
    size_t ended;        // how many
    // microseconds; whole numbers, but of more cores and years than 64 bits may hold
    double reserved_us; // cores x time, without what attempts without an end held
    double slots_us;    // slots x time
    double busy_us;     // of slots with a task
    double idle_us;     // of slots after their last task
    double narrow_us;   // of slots without a task, as none fitted into memory; of starts that
                        // ended in order
    int64_t tail_us;    // how long some slot had no more tasks; of starts that ended in order
    uint32_t cores, slots, threads; // where the line that opens a journal is damaged
    struct usage_segment *segment;  // the journal at hand, or NULL
    struct span *span;              // of the journals before it
    size_t spans, span_room;
};
void usage_begin(struct usage *usage, const struct spec *spec);
void usage_add(struct usage *usage, const struct record *record, unsigned parcel,
               unsigned restart);
void usage_end(struct usage *usage); // after it the figures are those of all records
