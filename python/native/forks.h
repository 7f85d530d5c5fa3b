// SPDX-License-Identifier: Apache-2.0
// forks: an interpreter of a task takes its share of the slot's cores, and each process that it forks one.
//
// For the startup hook (python/embedded/sitecustomize.py). All that is changed is what the interpreter
// itself sees: its os.environ, os.cpu_count, and callbacks at its forks. Whatever fails is passed over, with no
// exception left: a script must run as it would without us.
#pragma once

#define Py_LIMITED_API 0x03060000
#include <Python.h>

#include "single.h"

struct forks { // the state of the module, zeros at first
    struct singles singles;
    unsigned cores;           // of the slot: what os.cpu_count says at most
    PyObject *fork, *forkpty; // those of Python 3.6, which has no callbacks
};

// To be called once in an interpreter. `module` has a struct forks as its state.
void forks_start(PyObject *module);
void forks_free(struct forks *forks);
