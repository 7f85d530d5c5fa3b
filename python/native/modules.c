// SPDX-License-Identifier: Apache-2.0
// modules: numexpr (numexpr.set_num_threads) and numba (numba.np.ufunc.parallel).
//
// numba starts its threads at the first parallel function, as many as NUM_THREADS of that module, which was read at
// import. numba.set_num_threads starts them too: so it is called only where they have been started. polars cannot be
// used after a fork at all, as its authors say.
#include "modules.h"

PyObject *modules_imported(const char *name)
{
    PyObject *modules = PySys_GetObject("modules");
    return modules && PyDict_Check(modules) ? PyDict_GetItemString(modules, name) : NULL;
}

static PyObject *numba_parallel(void)
{
    PyObject *found = modules_imported("numba.np.ufunc.parallel");
    return found ? found : modules_imported("numba.npyufunc.parallel"); // before 0.49
}

static int is_true(PyObject *object, const char *name)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    int is = value && PyObject_IsTrue(value) > 0;
    Py_XDECREF(value);
    PyErr_Clear();
    return is;
}

int modules_numba_runs(void)
{
    PyObject *parallel = numba_parallel();
    return parallel && is_true(parallel, "_is_initialized");
}

static void call_with_one(PyObject *module)
{
    PyObject *done = module ? PyObject_CallMethod(module, "set_num_threads", "i", 1) : NULL;
    Py_XDECREF(done);
    PyErr_Clear();
}

static void set_one(PyObject *module, const char *name)
{
    PyObject *one = PyLong_FromLong(1);
    if (module && one)
        PyObject_SetAttrString(module, name, one);
    Py_XDECREF(one);
    PyErr_Clear();
}

void modules_hold(void)
{
    call_with_one(modules_imported("numexpr"));
    if (modules_numba_runs())
        call_with_one(numba_parallel());
    else {
        set_one(numba_parallel(), "NUM_THREADS");
        set_one(numba_parallel() ? modules_imported("numba.core.config") : NULL,
                "NUMBA_NUM_THREADS");
    }
}
