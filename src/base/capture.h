// SPDX-License-Identifier: Apache-2.0
// capture: a program that is asked something: what it writes is kept, and it has a time to answer in.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct capture { // borrowed
    const char *path;
    char *const *argv;
    char *const *envp;
    int64_t time_us; // to its end; then it is killed, with its process group
    size_t most;     // bytes of each stream that are kept; what is beyond is read and forgotten
};
// Runs it, with /dev/null as its input, and adds what it writes to standard output and error. Returns 1 with
// its status as wait(2) gives it, 0 when its time was over, or -1 with errno: it could not be started.
// Only the main thread may call it (proc.h).
int capture_run(const struct capture *capture, struct str *out, struct str *error,
                int *ret_status);
