// SPDX-License-Identifier: Apache-2.0
// verify: whether the files of an environment are those that its wheels have: by RECORD (PEP 376), and
// what is linked into the store by the entry's manifest, bytecode included.
#pragma once

#include <stdint.h>

#include "env/dist.h"
#include "env/site.h"

enum verify_kind {
    VERIFY_CHANGED,  // another content
    VERIFY_MISSING,  // not there, or a link to nothing
    VERIFY_REPLACED, // a folder of somebody's own in the place of a link
    VERIFY_UNKNOWN,  // the distribution has no RECORD that can be read
    VERIFY_EXTRA,    // in a package's folder, and of no distribution
};
struct verify_fault {
    enum verify_kind kind;
    const char *path;        // absolute
    const struct dist *dist; // NULL of VERIFY_EXTRA
    const char *entry;       // of the store, where the file is in there; else NULL
};
struct verify { // zero-initialise to begin; free with verify_free
    struct arena arena;
    struct verify_fault *fault;
    size_t count, room;
    uint64_t files, bytes; // that were read
    size_t packages;
};
struct verify_ask {
    const struct site *site;
    const struct dists *dists; // those of site->packages are looked at
    unsigned threads;
    int extra; // look for VERIFY_EXTRA too
};
// Returns 0, or -1 with [system]: a file cannot be read. Faults are no failure.
int verify_env(const struct verify_ask *ask, struct verify *ret, struct err *err);
void verify_free(struct verify *verify);
