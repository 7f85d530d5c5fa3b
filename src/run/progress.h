// SPDX-License-Identifier: Apache-2.0
// progress: counts of a run and how long it will still take.
//
// Time of a task = a + b x size of its dataset, fitted by least squares over those that ended;
// tasks without a size count by a.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct fit { // of durations (s) on sizes (bytes)
    double n, size, time, size2, size_time;
};
void fit_add(struct fit *fit, double size, double seconds);
void fit_join(struct fit *fit, const struct fit *other); // as if all had been added to it
double fit_guess(const struct fit *fit, double size);    // seconds; < 0 with nothing to go by
struct progress {
    uint64_t total, done, failed, running, stopped, kept; // kept: done before this start
    int64_t elapsed_us;
    int64_t left_us;   // -1: not known yet
    double cores_used; // over the last second or so
    uint32_t cores, slots;
    int64_t memory_kb;       // of the running tasks
    int64_t memory_limit_kb; // that they have together; 0: the machine's
    struct {
        const char *text;
        int64_t since_us;
    } longest[3]; // running; text NULL at the end
};
struct ahead { // what is still to be done, in seconds of a slot; zero-initialise to begin
    double work, longest;
};
// A running task that has so much left: below 0, as it takes longer than it should, counts as 0.
void ahead_add(struct ahead *ahead, double seconds);
// Wall time until the end: the work shared among the slots, but never less than the longest.
int64_t ahead_us(const struct ahead *ahead, unsigned slots);
// Keeps a running task if it is among the three that have been running for longest; *count: how
// many are kept so far.
void progress_add_longest(struct progress *progress, size_t *count, const char *text,
                          int64_t since_us);
