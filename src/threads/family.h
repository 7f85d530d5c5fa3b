// SPDX-License-Identifier: Apache-2.0
// family: the libraries with thread pools of their own that are known, by the names of their files.
//
// Uses libc only and knows nothing of the other rooms: what runs inside a Python (python/native) is
// made of it too. The names of APIs are threadpoolctl's.
#pragma once

enum { FAMILY_PREFIXES = 4 };

struct family {
    const char *internal_api; // "openblas", "mkl", "blis", "flexiblas", "openmp"
    const char *user_api;     // "blas" or "openmp"
    const char *name;         // as its makers write it
    const char *variable;     // the variable that sets its threads before it is loaded
    const char *probe; // the function without which a file of that name is something else
    // The file's name begins with one of these. NULL after the last.
    const char *prefixes[FAMILY_PREFIXES];
};

// The families, in the order in which a file is tried. Ends with one whose internal_api is NULL.
extern const struct family families[];

// The family that the file `name` (its last component) belongs to by name, or NULL. `ret_prefix` (may
// be NULL): which of its prefixes. Static; lives for ever.
const struct family *family_of(const char *name, const char **ret_prefix);
