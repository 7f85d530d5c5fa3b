// SPDX-License-Identifier: Apache-2.0
// loaded: the libraries with thread pools that are loaded in this process, and their functions.
//
// Made for extensions of Python: nothing here allocates by Python, prints, or needs the interpreter. The
// caller sees to it that one thread at a time uses a list (the GIL does). The loader counts what it
// has loaded and unloaded (dl_iterate_phdr(3)): while the counts stand, nothing is looked at again.
#pragma once

#include <stddef.h>

#include "threads/family.h"

struct loaded {
    const struct family *family;
    const char *prefix; // which of the family's prefixes
    const char *before,
        *after;   // what stands around its names of functions: "scipy_", "64_", "_64", ""
    char *path;   // with links resolved
    void *handle; // of dlopen; held, so that its functions stay where they are
};
struct loaded_list {
    unsigned long long moves; // loads and unloads when it was made
    size_t count;
    struct loaded *item; // in the order of loading
};

// Brings the list up to date; begin with zeros. Returns 1 if it has changed (items and their functions
// are new ones), 0 if not, -1 without memory (the list is as before).
int loaded_scan(struct loaded_list *list);
void loaded_free(struct loaded_list *list);

// A function or variable of a library by its plain name, with what stands around the names of this one; NULL:
// it has none.
void *loaded_symbol(const struct loaded *library, const char *name);
