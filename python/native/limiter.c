// SPDX-License-Identifier: Apache-2.0
// limiter: the types Limiter and Limits of _threads: limits that begin when the object is made, and end
// with the with block.
//
// A number for libraries that are known here is set without a look at Python. For anything else (a dict, a
// list, controllers that a program registered) lopin.threads says what is meant, in words that are the
// interface: its _check_limiter_params, _begin and _restore.
#include <string.h>

#include "threads.h"

struct limiter {
    PyObject_HEAD PyObject *controller; // whose libraries they are; NULL until somebody asks
    PyObject *libraries; // tuple of Library; NULL: `original` has the controller's entries
    PyObject *limits, *user_api; // as they were given
    PyObject *checked;           // (limits, user_api) as they are meant; NULL until needed
    PyObject *original;
    int *before; // of the libraries, one each
    int is_counted; // does the type's dealloc give the reference to the type back, as since CPython 3.8?
};

static PyObject *call_python(const char *name, const char *format, PyObject *first,
                             PyObject *second, PyObject *third)
{
    PyObject *module = PyImport_ImportModule("lopin.threads");
    PyObject *answer = NULL;
    if (module)
        answer = PyObject_CallMethod(module, name, format, first, second, third);
    Py_XDECREF(module);
    return answer;
}

// Borrowed.
static PyObject *controller_of(struct limiter *self)
{
    if (!self->controller && self->libraries)
        self->controller = call_python("_controller_of", "(O)", self->libraries, NULL, NULL);
    return self->controller;
}

// Is it a number for an API that is known here, or no limit at all?
static int is_simple(PyObject *limits, PyObject *user_api)
{
    if (limits != Py_None && !PyLong_Check(limits))
        return 0;
    return user_api == Py_None || (PyUnicode_Check(user_api) &&
                                   (PyUnicode_CompareWithASCIIString(user_api, "blas") == 0 ||
                                    PyUnicode_CompareWithASCIIString(user_api, "openmp") == 0));
}

// Returns 0 with self->checked, or -1 with an exception.
static int check(struct limiter *self)
{
    if (self->checked)
        return 0;
    PyObject *controller = controller_of(self);
    if (controller)
        self->checked = call_python("_check_limiter_params", "(OOO)", controller, self->limits,
                                    self->user_api);
    if (self->checked && !(PyTuple_Check(self->checked) && PyTuple_Size(self->checked) == 2)) {
        PyErr_SetString(PyExc_SystemError, "_check_limiter_params() gives a pair");
        return -1;
    }
    return self->checked ? 0 : -1;
}

static int save(struct limiter *self)
{
    Py_ssize_t count = PyTuple_Size(self->libraries);
    PyMem_Free(self->before);
    self->before = PyMem_Malloc((size_t)(count ? count : 1) * sizeof *self->before);
    if (!self->before)
        return PyErr_NoMemory(), -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        struct library *one = (struct library *)PyTuple_GetItem(self->libraries, i);
        self->before[i] = pool_get(&one->pool);
    }
    return 0;
}

static int set(struct threads_state *state, const struct library *library, int threads)
{
    int may = library->pool.is_shared ? owner_is_here(state) : 1;
    if (may > 0)
        pool_set(&library->pool, threads);
    return may < 0 ? -1 : 0;
}

// By path, by prefix, by API. Returns 0, or -1 with an exception.
static int set_by_dict(struct threads_state *state, const struct library *library,
                       PyObject *limits)
{
    PyObject *const key[] = {library->path, library->prefix, library->user_api};
    PyObject *value = NULL;
    for (int i = 0; i < 3 && !value && !PyErr_Occurred(); i++)
        value = PyDict_GetItemWithError(limits, key[i]);
    if (!value)
        return PyErr_Occurred() ? -1 : 0;
    if (value == Py_None)
        return 0;
    int threads;
    return threads_number(value, &threads) < 0 ? -1 : set(state, library, threads);
}

static int set_all_by_dict(struct limiter *self, struct threads_state *state)
{
    if (check(self) < 0)
        return -1;
    PyObject *limits = PyTuple_GetItem(self->checked, 0);
    if (save(self) < 0)
        return -1;
    for (Py_ssize_t i = 0; limits != Py_None && i < PyTuple_Size(self->libraries); i++) {
        struct library *one = (struct library *)PyTuple_GetItem(self->libraries, i);
        if (set_by_dict(state, one, limits) < 0)
            return -1;
    }
    return 0;
}

static int set_all(struct limiter *self, struct threads_state *state)
{
    int threads = 0;
    if ((self->limits != Py_None && threads_number(self->limits, &threads) < 0) ||
        save(self) < 0)
        return -1;
    for (Py_ssize_t i = 0; self->limits != Py_None && i < PyTuple_Size(self->libraries); i++) {
        struct library *one = (struct library *)PyTuple_GetItem(self->libraries, i);
        int matches =
            self->user_api == Py_None || PyUnicode_Compare(self->user_api, one->user_api) == 0;
        if (matches && set(state, one, threads) < 0)
            return -1;
    }
    return 0;
}

// Controllers of Python's.
static int begin_slowly(struct limiter *self)
{
    if (check(self) < 0)
        return -1;
    self->original = call_python("_begin", "(OO)", self->controller,
                                 PyTuple_GetItem(self->checked, 0), NULL);
    return self->original ? 0 : -1;
}

static int begin(struct limiter *self, struct threads_state *state)
{
    if (!self->libraries)
        return begin_slowly(self);
    return is_simple(self->limits, self->user_api) ? set_all(self, state)
                                                   : set_all_by_dict(self, state);
}

static void drop(struct limiter *self)
{
    PyObject **const field[] = {&self->controller, &self->libraries, &self->limits,
                                &self->user_api,   &self->checked,   &self->original};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        PyObject *old = *field[i];
        *field[i] = NULL;
        Py_XDECREF(old);
    }
    PyMem_Free(self->before);
    self->before = NULL;
}

static void take(struct limiter *self, PyObject *limits, PyObject *user_api)
{
    drop(self);
    Py_INCREF(limits);
    Py_INCREF(user_api);
    self->limits = limits;
    self->user_api = user_api;
}

static PyObject *limiter_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct threads_state *state = threads_state();
    PyObject *self = state ? PyType_GenericNew(type, args, kwargs) : NULL;
    if (self)
        ((struct limiter *)self)->is_counted = state->counts_types;
    return self;
}

// Limiter(controller, *, limits=None, user_api=None); by position it is lopin.threads that calls.
static int limiter_init(struct limiter *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {(char *)"controller", (char *)"limits", (char *)"user_api", NULL};
    PyObject *controller, *limits = Py_None, *user_api = Py_None;
    struct threads_state *state = threads_state();
    if (!state)
        return -1;
    if (!kwargs && PyTuple_Size(args) == 3) {
        controller = PyTuple_GetItem(args, 0);
        limits = PyTuple_GetItem(args, 1);
        user_api = PyTuple_GetItem(args, 2);
    } else if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$OO", names, &controller, &limits,
                                            &user_api))
        return -1;
    PyObject *libraries = PyObject_GetAttr(controller, state->key_libraries);
    if (!libraries)
        return -1;
    take(self, limits, user_api);
    Py_INCREF(controller);
    self->controller = controller;
    if (PyTuple_Check(libraries))
        self->libraries = libraries;
    else
        Py_DECREF(libraries);
    return begin(self, state);
}

// Returns 0, or -1 with an exception. By position there is nothing to look up, and it is the usual call.
static int read_arguments(PyObject *args, PyObject *kwargs, PyObject **limits,
                          PyObject **user_api)
{
    static char *names[] = {(char *)"limits", (char *)"user_api", NULL};
    Py_ssize_t count = PyTuple_Size(args);
    *limits = *user_api = Py_None;
    if (kwargs || count > 2)
        return PyArg_ParseTupleAndKeywords(args, kwargs, "|OO", names, limits, user_api) ? 0
                                                                                         : -1;
    if (count > 0)
        *limits = PyTuple_GetItem(args, 0);
    if (count > 1)
        *user_api = PyTuple_GetItem(args, 1);
    return 0;
}

// Limits(limits=None, user_api=None): of all libraries that are loaded now.
static int limits_init(struct limiter *self, PyObject *args, PyObject *kwargs)
{
    PyObject *limits, *user_api;
    struct threads_state *state = threads_state();
    if (!state || read_arguments(args, kwargs, &limits, &user_api) < 0 ||
        threads_update(state) < 0)
        return -1;
    take(self, limits, user_api);
    if (state->is_plain) {
        Py_INCREF(state->libraries);
        self->libraries = state->libraries;
    } else {
        self->controller = call_python("ThreadpoolController", NULL, NULL, NULL, NULL);
        self->libraries =
            self->controller ? PyObject_GetAttr(self->controller, state->key_libraries) : NULL;
        if (!self->libraries)
            return -1;
        if (!PyTuple_Check(self->libraries)) {
            Py_DECREF(self->libraries);
            self->libraries = NULL;
        }
    }
    return begin(self, state);
}

static void limiter_dealloc(struct limiter *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    // Before that, the dealloc of a class that is made of this one does.
    int is_last =
        self->is_counted || PyType_GetSlot(type, Py_tp_dealloc) == (void *)limiter_dealloc;
    drop(self);
    release(self);
    if (is_last)
        Py_DECREF(type);
}

static int restore(struct limiter *self)
{
    struct threads_state *state = threads_state();
    if (!state)
        return -1;
    if (self->original) {
        PyObject *none =
            call_python("_restore", "(OO)", self->controller, self->original, NULL);
        Py_XDECREF(none);
        return none ? 0 : -1;
    }
    for (Py_ssize_t i = 0; self->before && i < PyTuple_Size(self->libraries); i++) {
        struct library *one = (struct library *)PyTuple_GetItem(self->libraries, i);
        if (self->before[i] != POOL_UNKNOWN && set(state, one, self->before[i]) < 0)
            return -1;
    }
    return 0;
}

static PyObject *limiter_restore(struct limiter *self, PyObject *none)
{
    (void)none;
    if (restore(self) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *limiter_enter(struct limiter *self, PyObject *none)
{
    (void)none;
    struct threads_state *state = threads_state();
    if (!state || owner_count(state, 1) < 0)
        return NULL;
    Py_INCREF(self);
    return (PyObject *)self;
}

static PyObject *limiter_exit(struct limiter *self, PyObject *args)
{
    (void)args;
    if (restore(self) < 0 || owner_count(threads_state(), -1) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *get_controller(struct limiter *self, void *none)
{
    (void)none;
    PyObject *controller = controller_of(self);
    if (!controller && !PyErr_Occurred())
        PyErr_SetString(PyExc_AttributeError, "_controller");
    Py_XINCREF(controller);
    return controller;
}

static PyObject *get_checked(struct limiter *self, void *name)
{
    if (check(self) < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_AttributeError, name);
        return NULL;
    }
    PyObject *value = PyTuple_GetItem(self->checked, strcmp(name, "_user_api") == 0);
    Py_INCREF(value);
    return value;
}

static PyObject *get_original(struct limiter *self, void *none)
{
    (void)none;
    struct threads_state *state = threads_state();
    if (state && self->libraries && self->before)
        return threads_info(state, self->libraries, self->before);
    if (!self->original) {
        PyErr_SetString(PyExc_AttributeError, "_original_info");
        return NULL;
    }
    Py_INCREF(self->original);
    return self->original;
}

static PyMethodDef methods[] = {
    {"restore_original_limits", (PyCFunction)limiter_restore, METH_NOARGS,
     "Set the numbers of threads back to what they were when this object was made."},
    {"unregister", (PyCFunction)limiter_restore, METH_NOARGS,
     "The old name of restore_original_limits."},
    {"__enter__", (PyCFunction)limiter_enter, METH_NOARGS, NULL},
    {"__exit__", (PyCFunction)limiter_exit, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef getters[] = {
    {"_controller", (getter)get_controller, NULL, NULL, NULL},
    {"_limits", (getter)get_checked, NULL, NULL, (void *)"_limits"},
    {"_user_api", (getter)get_checked, NULL, NULL, (void *)"_user_api"},
    {"_original_info", (getter)get_original, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot limiter_slots[] = {
    {Py_tp_new, (void *)limiter_new},
    {Py_tp_init, (void *)limiter_init},
    {Py_tp_dealloc, (void *)limiter_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, getters},
    {0, NULL},
};
PyType_Spec limiter_spec = {
    .name = "lopin._threads.Limiter",
    .basicsize = sizeof(struct limiter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = limiter_slots,
};
static PyType_Slot limits_slots[] = {
    {Py_tp_init, (void *)limits_init},
    {0, NULL},
};
PyType_Spec limits_spec = {
    .name = "lopin._threads.Limits",
    .basicsize = sizeof(struct limiter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = limits_slots,
};
