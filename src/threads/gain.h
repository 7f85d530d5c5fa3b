// SPDX-License-Identifier: Apache-2.0
// gain: whether threads pay, from how long one dataset took on 1, 2, 4, ... of them. Arithmetic only.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct gain_width { // one number of threads, measured
    unsigned threads;
    int64_t wall_us, cpu_us; // of the quickest try
    int64_t peak_kb;         // the most memory of any of its processes
    unsigned tries;
};
struct gain_ask {
    const struct gain_width *width; // ascending; the first is of one thread
    size_t count;                   // at least 1
    unsigned cores;                 // of the parcel
    int64_t memory_kb;              // of the parcel; 0: not known
    size_t datasets; // that there are; 1 or 0: it is not known how many will come
};
enum gain_by { GAIN_BY_CORES, GAIN_BY_MEMORY, GAIN_BY_DATASETS };
struct gain {
    size_t alone;    // index: the fewest threads on which one dataset is as good as quickest
    double speed;    // of alone, against one thread
    int pays;        // speed is more than noise
    size_t many;     // index: the threads with which all datasets are done soonest
    unsigned jobs;   // and how many stand side by side then
    enum gain_by by; // what keeps more from standing side by side
};
// Datasets side by side are taken not to slow each other.
void gain_find(const struct gain_ask *ask, struct gain *ret);
