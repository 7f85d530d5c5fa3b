// SPDX-License-Identifier: Apache-2.0
// library: what a mapped file is, if it has a thread pool: which library, its version, whose copy, which
// variable and which call rule its threads.
#pragma once

#include <stdint.h>

#include "base/str.h"
#include "machine/cpuset.h"
#include "threads/maps.h"

enum library_kind { LIBRARY_BLAS, LIBRARY_OPENMP, LIBRARY_OTHER, LIBRARY_UNKNOWN };
struct library {
    enum library_kind kind;
    const char *name;     // "OpenBLAS"; NULL: a BLAS that is not known by name
    const char *api;      // threadpoolctl's internal_api; NULL
    const char *variable; // that sets its threads before it is loaded; NULL: none is known
    const char *call;     // that sets them from Python; NULL
    char *path;
    uint64_t inode;
    char *version;         // NULL: not known
    char *package;         // whose copy it is: "numpy"; NULL
    char *package_version; // NULL
    int counts;            // its file was read, and these are addresses in it
    uint64_t low, high;    // that it has in memory
    uint64_t used, made,
        up; // of OpenBLAS's counters: threads that compute, threads that there are,
            // whether these have been started; 0: hidden
};
// Whether a file is such a library, by its name. `name` is its last component.
int library_is(const char *path, size_t size);
// Whether a file whose name says nothing is a BLAS after all: a library that has dgemm. Some fifty small reads.
int library_is_by_exports(const struct maps_file *file, const char *open_root);
// Reads what there is to know. `open_root`: the folder below which the file is looked for ("" or that of
// the process's container, /proc/PID/root). *ret is yours: library_free.
void library_read(const struct maps_file *file, const char *open_root, struct library *ret);
void library_free(struct library *library);

// So many threads it takes by these variables (an environment as in process_environment), on so many CPUs.
// *ret_by becomes the variable, NULL: by the number of CPUs. 0: it cannot be told.
unsigned library_by_environment(const struct library *library, const struct str *environment,
                                unsigned cpus, const char **ret_by);
