// SPDX-License-Identifier: Apache-2.0
// bytecode: sources compiled by their own interpreter, in several processes
// (python/embedded/store_compile.py).
#pragma once

#include "store/store.h"

struct bytecode_item {
    char *source, *target; // absolute paths, in an entry that is not published yet
    char *shown;           // what tracebacks will show
    uint64_t size;         // of the source
    int made;              // else it does not compile: that is no error
    void *owner;
    size_t file;
};
struct bytecode_tell {
    void (*done)(void *context, const struct bytecode_item *item); // each, once
    void *context;
};
// Only the main thread may call it. Returns 0, or -1 with err: the interpreter cannot be started.
int bytecode_make(const struct store_python *python, unsigned processes,
                  struct bytecode_item *item, size_t count, const struct bytecode_tell *tell,
                  struct err *err);
