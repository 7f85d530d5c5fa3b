// SPDX-License-Identifier: Apache-2.0
// trace: what a command looked at and why it did what it did, a line each, for who asks (module -D).
#pragma once

#include <stdint.h>

#include "base/str.h"

struct trace {
    struct str *into; // borrowed; NULL: nobody asks
    int depth;        // of modules within modules: how far lines are indented
};
int trace_is_on(const struct trace *trace); // of NULL: no
// Adds a line. Its text is made visible; of NULL, or where nobody asks, nothing is done.
void trace_add(const struct trace *trace, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
