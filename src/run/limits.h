// SPDX-License-Identifier: Apache-2.0
// limits: the words of --signal, --halt: what they ask for.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { LIMIT_CONTINUES = 100 }; // --max-continue, unless said

struct limit_signal {  // sbatch(1), "--signal=[{R|B}:]<sig_num>[@sig_time]"
    int number;        // sent to each task
    int64_t before_us; // the end of the parcel
    int first;         // B: to its first process only, not to its group
};
// NULL: what is sent if nothing is said: SIGTERM 60 s before the end, or a tenth of `time_us`
// before if that is less. Returns 0, or -1 with [usage].
int limit_signal_read(const char *text, int64_t time_us, struct limit_signal *ret,
                      struct err *err);

enum halt_what { HALT_NEVER, HALT_FAIL, HALT_SUCCESS, HALT_DONE };
struct limit_halt { // parallel(1), "--halt-on-error"
    enum halt_what what;
    int now;        // running ones are ended too
    unsigned count; // so many, or
    unsigned part;  // so many of a hundred of all datasets; 0: count
};
// "now,fail=1", "soon,fail=10%", "now,success=1", "soon,done=5", "never"; NULL is never.
// Returns 0, or -1 with [usage].
int limit_halt_read(const char *text, struct limit_halt *ret, struct err *err);
// Whether so many ends of `total` datasets stop the run.
int limit_halts(const struct limit_halt *halt, size_t done, size_t failed, size_t total);
