// SPDX-License-Identifier: Apache-2.0
// modules: Python packages with threads of their own that the environment no longer reaches, in a forked child.
//
// Nothing is imported: what the parent has not imported reads the variables. No exception is left.
#pragma once

#define Py_LIMITED_API 0x03060000
#include <Python.h>

// A module of sys.modules, borrowed. NULL, without an exception, if it is not imported.
PyObject *modules_imported(const char *name);
// Holds them to one thread. To be called in the child, after NUMBA_NUM_THREADS is written.
void modules_hold(void);
// numba refuses to compile after its threads have started if NUMBA_NUM_THREADS says something else than then.
int modules_numba_runs(void);
