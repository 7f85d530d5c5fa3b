// SPDX-License-Identifier: Apache-2.0
// threads: what the files of the extension _threads share: its state, and the type of a library.
//
// Everything here runs under the GIL, and keeps it: a setter of OpenBLAS must not run between a fork's
// preparation and the fork (its pool would be started in the parent, and the child wait for it for
// ever). Objects are owned as in CPython: "new" references are the caller's, others are borrowed.
#pragma once

#define Py_LIMITED_API 0x03060000
#include <Python.h>

#include "pool.h"

struct owner; // the thread whose limits on shared pools count, owner.c
struct threads_state {
    struct loaded_list list;
    PyObject *libraries; // tuple of Library: what is loaded, in the loader's order
    PyObject *library_type, *limiter_type;
    PyObject *key_threads, *key_owner,
        *key_libraries; // texts that are looked up in dicts at each call
    struct owner *owner;
    int is_plain; // nothing but libraries that are known here, and no two that harm each other
    int has_custom;
    int counts_types; // since CPython 3.8 an object's dealloc gives its reference to its type back
};
struct library {
    PyObject_HEAD struct pool pool;
    PyObject *facts; // dict: what does not change of its entry in threadpool_info()
    PyObject *path, *prefix, *user_api; // of facts
};

extern struct PyModuleDef threads_module;
// NULL with an exception: the interpreter is ending.
struct threads_state *threads_state(void);
extern PyType_Spec library_spec, limiter_spec, limits_spec;

// A new Library; NULL with or without an exception: it is gone, or memory is short.
PyObject *library_new(struct threads_state *state, const struct loaded *loaded);
// New reference: its entry in threadpool_info(). `threads` (may be NULL): the number to write in it,
// and not that of now; POOL_UNKNOWN is None.
PyObject *library_info(struct threads_state *state, const struct library *library,
                       const int *threads);

// Brings state->libraries up to date. Returns 0, or -1 with an exception.
int threads_update(struct threads_state *state);
// A number of threads. Returns 0, or -1 with TypeError (it is none) or OverflowError.
int threads_number(PyObject *number, int *ret);
// New list of entries.
PyObject *threads_info(struct threads_state *state, PyObject *libraries, const int *threads);

// One thread at a time limits pools that all threads share: the first, until it has left its with blocks,
// or has ended. Returns 1 if it is this one, 0 if not, -1 with an exception.
int owner_is_here(struct threads_state *state);
// Enters (1) or leaves (-1) a with block in this thread; with the last one it gives the pools back.
// Returns 0, or -1 with an exception.
int owner_count(struct threads_state *state, int change);
// Gives them back if this thread has them, or whoever has.
int owner_clear(struct threads_state *state, int is_forced);
