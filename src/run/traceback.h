// SPDX-License-Identifier: Apache-2.0
// traceback: the error that ended a Python program, found in what it printed; inside of
// failure.c.
#pragma once

#include <stddef.h>

struct slice { // borrowed bytes
    const char *at;
    size_t size;
};
struct traceback {
    struct slice error;   // "ValueError"
    struct slice message; // the first line of its words, may be empty
    struct slice file;    // of the frame to show; empty if there was none
    struct slice line;    // its number
    int ours;             // the frame lies in the script's folder
};
// Finds the last traceback that has an end. `folder` may be NULL. Returns 1 if there is one,
// else 0. Slices point into bytes.
int traceback_find(const char *bytes, size_t size, const char *folder, struct traceback *ret);
