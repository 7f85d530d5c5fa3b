// SPDX-License-Identifier: Apache-2.0
// threads: the extension lopin._threads, the core of lopin.threads, on the stable ABI of CPython 3.6.
//
// It answers what threadpoolctl answers, but asks the loader whether anything was loaded or unloaded
// (dl_iterate_phdr(3)) where threadpoolctl reads /proc/self/maps; while the loader's counts stand, the
// functions that were found are called, and nothing else happens.
#include "threads.h"

#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

struct threads_state *threads_state(void)
{
    PyObject *module = PyState_FindModule(&threads_module);
    if (!module)
        PyErr_SetString(PyExc_RuntimeError, "lopin._threads: the interpreter is ending");
    return module ? PyModule_GetState(module) : NULL;
}

// The Library of that path that is there already; borrowed, NULL: none.
static PyObject *find_library(PyObject *libraries, const char *path)
{
    Py_ssize_t count = libraries ? PyTuple_Size(libraries) : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        struct library *one = (struct library *)PyTuple_GetItem(libraries, i);
        if (strcmp(one->pool.library.path, path) == 0)
            return (PyObject *)one;
    }
    return NULL;
}

static PyObject *make_libraries(struct threads_state *state)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < state->list.count; i++) {
        PyObject *one = find_library(state->libraries, state->list.item[i].path);
        Py_XINCREF(one);
        if (!one)
            one = library_new(state, state->list.item + i);
        if (!one && !PyErr_Occurred())
            continue; // unloaded meanwhile
        if (!one || PyList_Append(list, one) < 0) {
            Py_DECREF(list);
            list = NULL;
        }
        Py_XDECREF(one);
    }
    PyObject *tuple = list ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return tuple;
}

// Intel's and LLVM's OpenMP in one process: threadpoolctl warns of it at each look.
static int is_incompatible(PyObject *libraries)
{
    int found = 0;
    for (Py_ssize_t i = 0; i < PyTuple_Size(libraries); i++) {
        struct library *one = (struct library *)PyTuple_GetItem(libraries, i);
        found |= strcmp(one->pool.library.prefix, "libomp") == 0;
        found |= (strcmp(one->pool.library.prefix, "libiomp") == 0) << 1;
    }
    return found == 3;
}

static int is_same(PyObject *old, PyObject *fresh)
{
    if (!old || PyTuple_Size(old) != PyTuple_Size(fresh))
        return 0;
    for (Py_ssize_t i = 0; i < PyTuple_Size(fresh); i++)
        if (PyTuple_GetItem(old, i) != PyTuple_GetItem(fresh, i))
            return 0;
    return 1;
}

int threads_update(struct threads_state *state)
{
    int changed = loaded_scan(&state->list);
    if (changed < 0)
        return PyErr_NoMemory(), -1;
    if (!changed && state->libraries)
        return 0;
    PyObject *fresh = make_libraries(state);
    if (!fresh) {
        state->list.moves = 0; // looked at again next time
        return -1;
    }
    if (is_same(state->libraries, fresh)) {
        Py_DECREF(fresh);
        return 0;
    }
    PyObject *old = state->libraries;
    state->libraries = fresh;
    state->is_plain = !state->has_custom && !is_incompatible(fresh);
    Py_XDECREF(old);
    return 0;
}

int threads_number(PyObject *number, int *ret)
{
    PyObject *whole = PyNumber_Index(number); // a float is none, also where int() would take it
    long value = whole ? PyLong_AsLong(whole) : -1;
    Py_XDECREF(whole);
    if (value == -1 && PyErr_Occurred())
        return -1;
    if (value < INT_MIN || value > INT_MAX) {
        PyErr_SetString(PyExc_OverflowError, "number of threads too large");
        return -1;
    }
    *ret = (int)value;
    return 0;
}

PyObject *threads_info(struct threads_state *state, PyObject *libraries, const int *threads)
{
    Py_ssize_t count = PyTuple_Size(libraries);
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        struct library *one = (struct library *)PyTuple_GetItem(libraries, i);
        PyObject *info = library_info(state, one, threads ? threads + i : NULL);
        if (!info || PyList_SetItem(list, i, info) < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

static PyObject *get_libraries(PyObject *module, PyObject *none)
{
    struct threads_state *state = PyModule_GetState(module);
    (void)none;
    if (threads_update(state) < 0)
        return NULL;
    Py_INCREF(state->libraries);
    return state->libraries;
}

// None: there are libraries that Python code must look at.
static PyObject *get_info(PyObject *module, PyObject *none)
{
    struct threads_state *state = PyModule_GetState(module);
    (void)none;
    if (threads_update(state) < 0)
        return NULL;
    if (!state->is_plain)
        Py_RETURN_NONE;
    PyObject *libraries = state->libraries;
    Py_INCREF(libraries); // another may take its place while objects are made
    PyObject *list = threads_info(state, libraries, NULL);
    Py_DECREF(libraries);
    return list;
}

static PyObject *info_of(PyObject *module, PyObject *libraries)
{
    if (!PyTuple_Check(libraries)) {
        PyErr_SetString(PyExc_TypeError, "info_of() takes a tuple of Library");
        return NULL;
    }
    return threads_info(PyModule_GetState(module), libraries, NULL);
}

struct names {
    char **item;
    size_t count;
    int failed;
};

// Nothing of Python here: the loader's lock is held.
static int on_library(struct dl_phdr_info *info, size_t size, void *data)
{
    struct names *names = data;
    (void)size;
    if (!info->dlpi_name || !strchr(info->dlpi_name, '/'))
        return 0;
    char **item = realloc(names->item, (names->count + 1) * sizeof *item);
    if (item)
        names->item = item;
    char *name = item ? strdup(info->dlpi_name) : NULL;
    if (!name)
        return names->failed = 1;
    names->item[names->count++] = name;
    return 0;
}

static PyObject *get_paths(PyObject *module, PyObject *none)
{
    struct names names = {0};
    (void)module, (void)none;
    dl_iterate_phdr(on_library, &names);
    PyObject *list = names.failed ? PyErr_NoMemory() : PyList_New((Py_ssize_t)names.count);
    for (size_t i = 0; i < names.count; i++) {
        PyObject *path = list ? PyUnicode_DecodeFSDefault(names.item[i]) : NULL;
        if (list && (!path || PyList_SetItem(list, (Py_ssize_t)i, path) < 0)) {
            Py_DECREF(list);
            list = NULL;
        }
        free(names.item[i]);
    }
    free(names.item);
    return list;
}

static PyObject *set_custom(PyObject *module, PyObject *none)
{
    struct threads_state *state = PyModule_GetState(module);
    (void)none;
    state->has_custom = 1;
    state->is_plain = 0;
    Py_RETURN_NONE;
}

static PyObject *count_owner(PyObject *module, PyObject *change)
{
    long number = PyLong_AsLong(change);
    if (number == -1 && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_TypeError))
        return NULL;
    if (owner_count(PyModule_GetState(module), number < 0 ? -1 : 1) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *clear_owner(PyObject *module, PyObject *is_forced)
{
    if (owner_clear(PyModule_GetState(module), PyObject_IsTrue(is_forced) == 1) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"libraries", get_libraries, METH_NOARGS, "The libraries of this process, a tuple."},
    {"info", get_info, METH_NOARGS, "Their entries, or None if Python must look."},
    {"info_of", info_of, METH_O, "The entries of these libraries."},
    {"paths", get_paths, METH_NOARGS, "The paths of all that is loaded."},
    {"custom", set_custom, METH_NOARGS, "From now on there are controllers in Python."},
    {"count_owner", count_owner, METH_O, "Enters (1) or leaves (-1) a with block."},
    {"clear_owner", clear_owner, METH_O, "Gives the shared pools back, by force if True."},
    {NULL, NULL, 0, NULL},
};

static void module_free(void *module)
{
    struct threads_state *state = PyModule_GetState(module);
    if (!state)
        return;
    Py_XDECREF(state->libraries);
    Py_XDECREF(state->library_type);
    Py_XDECREF(state->limiter_type);
    Py_XDECREF(state->key_threads);
    Py_XDECREF(state->key_owner);
    Py_XDECREF(state->key_libraries);
    loaded_free(&state->list);
    *state = (struct threads_state){0};
}

struct PyModuleDef threads_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_threads",
    .m_doc = "The core of lopin.threads, which has the documentation.",
    .m_size = sizeof(struct threads_state),
    .m_methods = methods,
    .m_free = module_free,
};

static int add_type(PyObject *module, const char *name, PyType_Spec *spec, PyObject *base,
                    PyObject **ret)
{
    PyObject *bases = base ? PyTuple_Pack(1, base) : NULL;
    PyObject *type = !base || bases ? PyType_FromSpecWithBases(spec, bases) : NULL;
    Py_XDECREF(bases);
    if (!type)
        return -1;
    Py_XINCREF(ret ? type : NULL);
    if (ret)
        *ret = type;
    return PyModule_AddObject(module, name, type); // takes it
}

PyMODINIT_FUNC PyInit__threads(void);
PyMODINIT_FUNC PyInit__threads(void)
{
    PyObject *module = PyModule_Create(&threads_module);
    struct threads_state *state = module ? PyModule_GetState(module) : NULL;
    if (!state)
        return NULL;
    state->is_plain = 1;
    state->counts_types = PyLong_AsLong(PySys_GetObject("hexversion")) >= 0x03080000;
    state->key_threads = PyUnicode_InternFromString("num_threads");
    state->key_owner = PyUnicode_InternFromString("lopin._threads.owner");
    state->key_libraries = PyUnicode_InternFromString("_libraries");
    if (!state->key_threads || !state->key_owner || !state->key_libraries ||
        add_type(module, "Library", &library_spec, NULL, &state->library_type) < 0 ||
        add_type(module, "Limiter", &limiter_spec, NULL, &state->limiter_type) < 0 ||
        add_type(module, "Limits", &limits_spec, state->limiter_type, NULL) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
