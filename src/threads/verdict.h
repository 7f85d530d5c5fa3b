// SPDX-License-Identifier: Apache-2.0
// verdict: what the pace of processes means. A pure function of numbers.
//
// Time on a CPU and time of being runnable without one, of all their threads, each in cores' worth. Demand
// is their sum by the cores that there are; delay the part of it that was waiting. Demand tells one's own
// fault from a neighbour's, which neither CPU time nor context switches do (both are the same).
#pragma once

struct verdict_facts {
    double cores;       // that these processes may use: mask, quota
    double run, wait;   // cores' worth
    double blocked;     // threads in an uninterruptible wait (state D), on average
    int measured;       // 0: the kernel does not tell of waiting (no schedstat)
    unsigned processes; // that ran or were runnable
    unsigned threads;   // the same of threads, in all of them
    unsigned even;      // so many in each of them; 0: they differ
    unsigned pool;      // threads of the largest BLAS or OpenMP pool in one of these
    unsigned callers;   // threads that waited in a queue for one lock of a BLAS
    unsigned hung;      // processes that a fork left waiting for ever
};
enum verdict {
    VERDICT_UNKNOWN,        // not measured
    VERDICT_HUNG,           // forked while a BLAS was in use: waits for ever
    VERDICT_OVERSUBSCRIBED, // asks for far more than its cores
    VERDICT_NEIGHBOUR,      // asks for what it has, and others have that too
    VERDICT_QUEUE,          // threads of Python wait for each other in a BLAS
    VERDICT_DISK,           // waits for a disk or a network file system
    VERDICT_ASLEEP,         // hardly anything computes
    VERDICT_SERIAL,         // several cores, one used
    VERDICT_FULL,           // asks for a little more than its cores
    VERDICT_FINE,
    VERDICTS
};
// What cures it, as far as numbers tell.
enum cure {
    CURE_NONE,
    CURE_ONE_THREAD, // several processes with pools: one thread in each
    CURE_FEWER,      // more processes than cores, of one thread each
    CURE_NARROW,     // one process with more threads than cores
};
enum verdict verdict_of(const struct verdict_facts *facts);
enum cure verdict_cure(const struct verdict_facts *facts); // of VERDICT_OVERSUBSCRIBED
double verdict_demand(const struct verdict_facts *facts);  // 0 without cores
double verdict_delay(const struct verdict_facts *facts);   // 0...1
// "oversubscribed": as JSON and journals have it, in every language. Static.
const char *verdict_name(enum verdict verdict);
// VERDICTS: there is none of that name.
enum verdict verdict_named(const char *name);
