// SPDX-License-Identifier: Apache-2.0
// pool: the thread pool of one BLAS or OpenMP library that is loaded here: its number of threads, and
// what the library says of itself.
//
// The functions are those that threadpoolctl 3.8 calls, and so are the words of the answers. Like loaded.h it
// needs no interpreter. A pool keeps its library loaded until pool_close.
#pragma once

#include "loaded.h"

struct pool {
    struct loaded library;
    int is_openmp; // OpenBLAS over OpenMP: its threads are OpenMP's, and the number the caller's own
    int is_shared; // one number for all threads of the process, and a pool that they queue for
    int (*get)(void);
    void (*set)(int threads);
};

// Returns 0, or -1 if the library is gone or memory is short.
int pool_open(struct pool *ret, const struct loaded *library);
void pool_close(struct pool *pool);

// Threads that a call from this thread may use, or POOL_UNKNOWN: the library does not say.
enum { POOL_UNKNOWN = -0x7fffffff };
int pool_get(const struct pool *pool);
// Does nothing where the library has no such function, or where the number is that already: OpenBLAS would start
// its threads for it, in a forked child as well.
void pool_set(const struct pool *pool, int threads);

// "0.3.31". Returns 0 with the text, or -1: the library does not say.
int pool_version(const struct pool *pool, char *ret, size_t size);
// "pthreads", "openmp", "intel"...; NULL: no such thing of this family. Static.
const char *pool_layer(const struct pool *pool);
// "SkylakeX"; NULL: it does not say. The library's own.
const char *pool_architecture(const struct pool *pool);
// Of a family that has an architecture?
int pool_has_architecture(const struct pool *pool);

enum { POOL_BACKEND_MAX = 1024 };
// The backends of FlexiBLAS: how many there are, or are loaded; -1: this is another library.
int pool_backend_count(const struct pool *pool, int is_loaded);
// The name of one into `ret` of POOL_BACKEND_MAX bytes.
void pool_backend_name(const struct pool *pool, int is_loaded, int number, char *ret);
// Returns 0, or -1: it does not say.
int pool_backend_current(const struct pool *pool, char *ret);
// Loads one by its name in FlexiBLAS's configuration or, unless is_named, by the path of a library.
// Returns 0, or -1.
int pool_backend_load(const struct pool *pool, int is_named, const char *name);
// Uses the loaded backend of that number. Returns 0, or -1.
int pool_backend_switch(const struct pool *pool, int number);
