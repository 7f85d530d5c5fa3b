// SPDX-License-Identifier: Apache-2.0
// report: what a run used of what it held, from its journals alone: the same during a run,
// after it, after a kill.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/table.h"
#include "run/saved.h"

struct report_cause {   // failures that are alike: see report_make
    int code;           // enum err_code
    const char *detail; // of the first; borrowed from saved
    uint32_t first;     // index of the dataset with the lowest number
    size_t count;
};
struct report { // free with report_free
    // All starts and resumptions, each from its first to its last record, and all their
    // attempts; of parcels that ran side by side the time that they had in common once.
    int64_t wall_us;
    uint32_t most_cores; // of all parcels that ran at one time
    int64_t cpu_us;      // user + system of the attempts that ended
    int64_t ended_us;    // time of the attempts that ended
    size_t ended;        // how many
    double reserved_us;  // cores x time, without what attempts without an end held: of those
                         // nothing is known
    double slots_us;     // slots x time
    double efficiency;   // cpu_us / reserved_us, 0...1; -1: nothing to go by
    double busy;         // part of the slots' time in which they had a task, 0...1; -1
    double narrow;   // part of the slots' time without a task, as none fitted into memory; -1
    double tail;     // part of the slots' time after the last task of each slot, 0...1; -1
    int64_t tail_us; // how long some slot had no more tasks; of starts that ended in order
    int64_t peak_kb; // the largest of all attempts
    uint32_t largest, slowest;     // indices; UINT32_MAX: none
    int64_t longest_us, median_us; // of each dataset its last attempt, if done or failed
    struct report_cause *cause;    // most frequent first
    size_t causes;
    int64_t memory_kb; // limit of the latest start, 0: not known
};
#define REPORT_NONE                                                                            \
    {                                                                                          \
        .efficiency = -1, .busy = -1, .narrow = -1, .tail = -1, .largest = UINT32_MAX,         \
        .slowest = UINT32_MAX                                                                  \
    }
// Failures are alike if they have the same error and: for Python the same exception at the same
// place, for exit codes and signals the same number.
void report_make(const struct saved *saved, struct report *ret);
// Its causes, of failures by ascending index: begin with zeros, end with report_failures_end.
// `detail` is borrowed by the report.
struct report_likeness {
    struct table table;
    struct arena keys;
    struct str key;
    size_t room;
};
void report_failure(struct report_likeness *likeness, struct report *report, uint32_t index,
                    int cause, int32_t code, const char *detail);
void report_failures_end(struct report_likeness *likeness, struct report *report);
// What of it comes from the use of slots; from the starts.
void report_time(const struct usage *usage, struct report *ret);
void report_limit(const struct state *state, struct report *ret);
void report_free(struct report *report);
#define CLEANUP_REPORT CLEANUP(report_free)
