// SPDX-License-Identifier: Apache-2.0
// owner: which thread's limits count for pools that all threads share.
//
// What is known of a thread hangs in its own dict, which CPython clears when it ends, and in a forked
// child at once for the threads that are not there: so no owner outlives its thread. `mine` saves the
// look into the dict, nothing else.
#include <stdlib.h>

#include "threads.h"

#define OWNER_NAME "lopin._threads.owner"

struct owner {
    long depth; // with blocks that it is in
};

static _Thread_local struct owner *mine;

static void on_thread_end(PyObject *capsule)
{
    struct owner *owner = PyCapsule_GetPointer(capsule, OWNER_NAME);
    PyObject *module = PyState_FindModule(&threads_module);
    struct threads_state *state = module ? PyModule_GetState(module) : NULL;
    if (state && state->owner == owner)
        state->owner = NULL;
    if (mine == owner) // false where a forked child clears what another thread had
        mine = NULL;
    free(owner);
}

static struct owner *add_owner(struct threads_state *state, PyObject *dict)
{
    struct owner *owner = calloc(1, sizeof *owner);
    PyObject *capsule =
        owner ? PyCapsule_New(owner, OWNER_NAME, on_thread_end) : PyErr_NoMemory();
    if (!capsule) {
        free(owner);
        return NULL;
    }
    int status = PyDict_SetItem(dict, state->key_owner, capsule);
    Py_DECREF(capsule); // the last one frees owner
    return status < 0 ? NULL : (mine = owner);
}

// This thread's. NULL with an exception.
static struct owner *own(struct threads_state *state)
{
    if (mine)
        return mine;
    PyObject *dict = PyThreadState_GetDict();
    if (!dict) {
        PyErr_SetString(PyExc_RuntimeError, "this thread has no Python state");
        return NULL;
    }
    PyObject *capsule = PyDict_GetItemWithError(dict, state->key_owner);
    if (capsule)
        return PyCapsule_GetPointer(capsule, OWNER_NAME);
    return PyErr_Occurred() ? NULL : add_owner(state, dict);
}

int owner_is_here(struct threads_state *state)
{
    struct owner *me = own(state);
    if (!me)
        return -1;
    if (!state->owner)
        state->owner = me;
    return state->owner == me;
}

int owner_count(struct threads_state *state, int change)
{
    struct owner *me = own(state);
    if (!me)
        return -1;
    me->depth += change;
    if (change < 0 && me->depth <= 0 && state->owner == me)
        state->owner = NULL;
    return 0;
}

int owner_clear(struct threads_state *state, int is_forced)
{
    struct owner *me = is_forced ? NULL : own(state);
    if (!is_forced && !me)
        return -1;
    if (is_forced || state->owner == me)
        state->owner = NULL;
    return 0;
}
