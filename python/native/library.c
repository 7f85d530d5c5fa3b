// SPDX-License-Identifier: Apache-2.0
// library: the type Library of _threads, one BLAS or OpenMP library of this process.
#include <string.h>

#include "threads.h"

static int put(PyObject *dict, const char *key, PyObject *taken)
{
    int status = taken ? PyDict_SetItemString(dict, key, taken) : -1;
    Py_XDECREF(taken);
    return status;
}

static PyObject *text_or_none(const char *text)
{
    if (!text)
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

static PyObject *number_or_none(int threads)
{
    if (threads == POOL_UNKNOWN)
        Py_RETURN_NONE;
    return PyLong_FromLong(threads);
}

// A backend that FlexiBLAS falls back to is none that can be chosen.
static PyObject *backend_list(const struct pool *pool, int is_loaded)
{
    char name[POOL_BACKEND_MAX];
    int count = pool_backend_count(pool, is_loaded);
    if (count < 0)
        Py_RETURN_NONE;
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < count; i++) {
        pool_backend_name(pool, is_loaded, i, name);
        if (strcmp(name, "__FALLBACK__") == 0)
            continue;
        PyObject *text = text_or_none(name);
        if (!text || PyList_Append(list, text) < 0) {
            Py_DECREF(list);
            list = NULL;
        }
        Py_XDECREF(text);
    }
    return list;
}

static int is_flexiblas(const struct pool *pool)
{
    return strcmp(pool->library.family->internal_api, "flexiblas") == 0;
}

// In the order of threadpoolctl's entries. Returns 0, or -1 with an exception.
static int fill_facts(PyObject *facts, const struct pool *pool)
{
    char version[200];
    const struct family *family = pool->library.family;
    int has_version = pool_version(pool, version, sizeof version) == 0;
    if (put(facts, "user_api", text_or_none(family->user_api)) < 0 ||
        put(facts, "internal_api", text_or_none(family->internal_api)) < 0 ||
        put(facts, "num_threads", text_or_none(NULL)) < 0 ||
        put(facts, "prefix", text_or_none(pool->library.prefix)) < 0 ||
        put(facts, "filepath", PyUnicode_DecodeFSDefault(pool->library.path)) < 0 ||
        put(facts, "version", text_or_none(has_version ? version : NULL)) < 0)
        return -1;
    const char *layer = pool_layer(pool);
    if (layer && put(facts, "threading_layer", text_or_none(layer)) < 0)
        return -1;
    if (is_flexiblas(pool))
        return put(facts, "available_backends", backend_list(pool, 0));
    if (!pool_has_architecture(pool))
        return 0;
    return put(facts, "architecture", text_or_none(pool_architecture(pool)));
}

PyObject *library_new(struct threads_state *state, const struct loaded *loaded)
{
    struct pool pool;
    if (pool_open(&pool, loaded) < 0)
        return NULL;
    PyObject *facts = PyDict_New();
    allocfunc alloc =
        (allocfunc)PyType_GetSlot((PyTypeObject *)state->library_type, Py_tp_alloc);
    struct library *library = NULL;
    if (facts && fill_facts(facts, &pool) == 0)
        library = (struct library *)alloc((PyTypeObject *)state->library_type, 0);
    if (!library) {
        Py_XDECREF(facts);
        pool_close(&pool);
        return NULL;
    }
    library->pool = pool;
    library->facts = facts;
    library->path = PyDict_GetItemString(facts, "filepath");
    library->prefix = PyDict_GetItemString(facts, "prefix");
    library->user_api = PyDict_GetItemString(facts, "user_api");
    return (PyObject *)library;
}

static void library_dealloc(struct library *library)
{
    PyTypeObject *type = Py_TYPE(library);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    pool_close(&library->pool);
    Py_XDECREF(library->facts);
    release(library);
    Py_DECREF(type);
}

// What changes of FlexiBLAS is asked at each call.
static int put_backends(PyObject *info, const struct pool *pool)
{
    char name[POOL_BACKEND_MAX];
    if (!is_flexiblas(pool))
        return 0;
    if (put(info, "loaded_backends", backend_list(pool, 1)) < 0)
        return -1;
    const char *current = pool_backend_current(pool, name) == 0 ? name : NULL;
    return put(info, "current_backend", text_or_none(current));
}

PyObject *library_info(struct threads_state *state, const struct library *library,
                       const int *threads)
{
    int now = threads ? *threads : pool_get(&library->pool);
    PyObject *info = PyDict_Copy(library->facts);
    PyObject *number = info ? number_or_none(now) : NULL;
    int status = number ? PyDict_SetItem(info, state->key_threads, number) : -1;
    Py_XDECREF(number);
    if (info && (status < 0 || put_backends(info, &library->pool) < 0)) {
        Py_DECREF(info);
        return NULL;
    }
    return info;
}

static PyObject *get_info(struct library *self, PyObject *none)
{
    struct threads_state *state = threads_state();
    (void)none;
    return state ? library_info(state, self, NULL) : NULL;
}

static PyObject *get_num_threads(struct library *self, PyObject *none)
{
    (void)none;
    return number_or_none(pool_get(&self->pool));
}

static PyObject *set_num_threads(struct library *self, PyObject *number)
{
    int threads;
    struct threads_state *state = threads_state();
    if (!state || threads_number(number, &threads) < 0)
        return NULL;
    int may = self->pool.is_shared ? owner_is_here(state) : 1;
    if (may > 0)
        pool_set(&self->pool, threads);
    if (may < 0)
        return NULL;
    Py_RETURN_NONE;
}

// What stands around the names of the library's functions: ("scipy_", "64_").
static PyObject *get_affixes(struct library *self, PyObject *none)
{
    (void)none;
    return Py_BuildValue("(ss)", self->pool.library.before, self->pool.library.after);
}

static PyObject *get_backends(struct library *self, PyObject *is_loaded)
{
    return backend_list(&self->pool, PyObject_IsTrue(is_loaded) == 1);
}

static PyObject *get_current_backend(struct library *self, PyObject *none)
{
    char name[POOL_BACKEND_MAX];
    (void)none;
    return text_or_none(pool_backend_current(&self->pool, name) == 0 ? name : NULL);
}

static PyObject *load_backend(struct library *self, PyObject *args)
{
    const char *name;
    int is_named;
    if (!PyArg_ParseTuple(args, "sp", &name, &is_named))
        return NULL;
    return PyBool_FromLong(pool_backend_load(&self->pool, is_named, name) == 0);
}

static PyObject *switch_backend(struct library *self, PyObject *number)
{
    int index;
    if (threads_number(number, &index) < 0)
        return NULL;
    return PyBool_FromLong(pool_backend_switch(&self->pool, index) == 0);
}

// Only this process's libraries exist, and library_new makes them.
static PyObject *refuse_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)type, (void)args, (void)kwargs;
    PyErr_SetString(PyExc_TypeError, "a Library is found by libraries(), not made");
    return NULL;
}

static PyMethodDef methods[] = {
    {"info", (PyCFunction)get_info, METH_NOARGS, NULL},
    {"get_num_threads", (PyCFunction)get_num_threads, METH_NOARGS, NULL},
    {"set_num_threads", (PyCFunction)set_num_threads, METH_O, NULL},
    {"affixes", (PyCFunction)get_affixes, METH_NOARGS, NULL},
    {"backends", (PyCFunction)get_backends, METH_O, NULL},
    {"current_backend", (PyCFunction)get_current_backend, METH_NOARGS, NULL},
    {"load_backend", (PyCFunction)load_backend, METH_VARARGS, NULL},
    {"switch_backend", (PyCFunction)switch_backend, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot slots[] = {
    {Py_tp_new, (void *)refuse_new},
    {Py_tp_dealloc, (void *)library_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_doc, (void *)"A BLAS or OpenMP library of this process."},
    {0, NULL},
};
PyType_Spec library_spec = {
    .name = "lopin._threads.Library",
    .basicsize = sizeof(struct library),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};
