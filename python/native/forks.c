// SPDX-License-Identifier: Apache-2.0
// forks: os.register_at_fork (Python >= 3.7), os.environ, which writes the environment of C too.
//
// What is registered first is called last before a fork and first in the child: so libraries are looked for after
// all others have run, and held before any other callback can use them.
#include "forks.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modules.h"
#include "share.h"
#include "threads/variable.h"

static struct forks *state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

// A number of at least 1 in ASCII digits alone; 0: it is none.
static unsigned number_of(const char *text)
{
    if (!text || !*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9)
        return 0;
    return (unsigned)atoi(text);
}

static unsigned cores_of_mask(void)
{
    // A mask may be of any size; the kernel says by EINVAL that it did not fit.
    unsigned count = 0;
    for (int cpus = 1024; cpus <= 1 << 20 && !count; cpus *= 8) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        if (set && sched_getaffinity(0, size, set) == 0)
            count = (unsigned)CPU_COUNT_S(size, set);
        CPU_FREE(set);
    }
    return count ? count : 1;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static PyObject *environ_of_os(void)
{
    PyObject *os = modules_imported("os");
    return os ? PyObject_GetAttrString(os, "environ") : NULL;
}

static void write_variable(PyObject *environ, const char *name, const char *value)
{
    PyObject *key = PyUnicode_FromString(name);
    PyObject *text = value ? PyUnicode_FromString(value) : NULL;
    if (environ && key && text)
        PyObject_SetItem(environ, key, text);
    else if (environ && key && !value)
        PyObject_DelItem(environ, key);
    Py_XDECREF(key);
    Py_XDECREF(text);
    PyErr_Clear();
}

// The product of "4,2", as levels nest; 0: unreadable.
static unsigned long product_of(const char *text)
{
    unsigned long product = 1;
    for (const char *at = text;; at++) {
        char *end;
        at += strspn(at, " \t");
        unsigned long value = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
        if (!value || value > 1 << 20 || product > 1 << 20)
            return 0;
        product *= value;
        at = end + strspn(end, " \t");
        if (!*at)
            return product;
        if (*at != ',')
            return 0;
    }
}

// The rules of src/threads/guard.c: with more than one thread, most are only lowered.
static void hold_variable(PyObject *environ, const struct pool_variable *variable,
                          unsigned threads, const char *text)
{
    const char *old = getenv(variable->name);
    unsigned long now = old ? product_of(old) : 0;
    int must = variable->rule == POOL_ALWAYS || (variable->rule == POOL_ONE && threads == 1);
    if (old && now && now <= threads)
        return;
    if (strcmp(variable->name, "NUMBA_NUM_THREADS") == 0 && modules_numba_runs())
        return;
    if (must || old)
        write_variable(environ, variable->name, text);
}

static void hold_variables(unsigned threads)
{
    char text[16];
    PyObject *environ = environ_of_os();
    snprintf(text, sizeof text, "%u", threads);
    for (const struct pool_variable *variable = pool_variables; variable->name; variable++)
        hold_variable(environ, variable, threads, text);
    for (const char *const *name = part_variables; *name; name++) {
        const char *value = getenv(*name);
        if (value && strcmp(value, "1") != 0)
            write_variable(environ, *name, NULL);
    }
    const char *before = getenv("LOPIN_THREADS");
    if (!before || strcmp(before, text) != 0) {
        if (getenv("MKL_DOMAIN_NUM_THREADS")) // what it said was for more threads
            write_variable(environ, "MKL_DOMAIN_NUM_THREADS", NULL);
        write_variable(environ, "LOPIN_THREADS", text);
    }
    Py_XDECREF(environ);
    PyErr_Clear();
}

static PyObject *before_fork(PyObject *module, PyObject *none)
{
    (void)none;
    singles_find(&state_of(module)->singles);
    Py_RETURN_NONE;
}

static PyObject *in_child(PyObject *module, PyObject *none)
{
    (void)none;
    singles_hold(&state_of(module)->singles);
    hold_variables(1);
    modules_hold();
    Py_RETURN_NONE;
}

static PyObject *fork_by(PyObject *module, PyObject *function)
{
    singles_find(&state_of(module)->singles);
    PyObject *done = PyObject_CallObject(function, NULL);
    PyObject *pid = done && PyTuple_Check(done) ? PyTuple_GetItem(done, 0) : done;
    if (pid && PyLong_AsLong(pid) == 0)
        Py_XDECREF(in_child(module, NULL));
    return done;
}

static PyObject *old_fork(PyObject *module, PyObject *none)
{
    (void)none;
    return fork_by(module, state_of(module)->fork);
}

static PyObject *old_forkpty(PyObject *module, PyObject *none)
{
    (void)none;
    return fork_by(module, state_of(module)->forkpty);
}

static PyObject *cpu_count(PyObject *module, PyObject *none)
{
    (void)none;
    return PyLong_FromLong((long)least(cores_of_mask(), state_of(module)->cores));
}

static PyMethodDef functions[] = {
    {"before_fork", before_fork, METH_NOARGS, NULL},
    {"in_child", in_child, METH_NOARGS, NULL},
};
// They stand for functions of os and are pickled by its name.
static PyMethodDef of_os[] = {
    {"cpu_count", cpu_count, METH_NOARGS,
     "Return the number of CPUs in the system; return None if indeterminable."},
    {"fork", old_fork, METH_NOARGS, "Fork a child process."},
    {"forkpty", old_forkpty, METH_NOARGS, "Fork a new process with a new pseudo-terminal."},
};

static void put_into_os(PyObject *module, PyObject *os, PyMethodDef *function)
{
    PyObject *name = PyUnicode_FromString("os");
    PyObject *made = name ? PyCFunction_NewEx(function, module, name) : NULL;
    if (made)
        PyObject_SetAttrString(os, function->ml_name, made);
    Py_XDECREF(made);
    Py_XDECREF(name);
    PyErr_Clear();
}

static void register_callbacks(PyObject *module, PyObject *by)
{
    PyObject *before = PyCFunction_NewEx(functions, module, NULL);
    PyObject *after = PyCFunction_NewEx(functions + 1, module, NULL);
    PyObject *words = PyTuple_New(0);
    PyObject *names = before && after
                          ? Py_BuildValue("{sOsO}", "before", before, "after_in_child", after)
                          : NULL;
    PyObject *done = words && names ? PyObject_Call(by, words, names) : NULL;
    Py_XDECREF(done);
    Py_XDECREF(names);
    Py_XDECREF(words);
    Py_XDECREF(after);
    Py_XDECREF(before);
}

static void watch_forks(PyObject *module, PyObject *os)
{
    struct forks *forks = state_of(module);
    PyObject *by = PyObject_GetAttrString(os, "register_at_fork");
    PyErr_Clear();
    if (by)
        register_callbacks(module, by);
    else {
        forks->fork = PyObject_GetAttrString(os, "fork");
        forks->forkpty = PyObject_GetAttrString(os, "forkpty");
        if (forks->fork)
            put_into_os(module, os, of_os + 1);
        if (forks->forkpty)
            put_into_os(module, os, of_os + 2);
    }
    Py_XDECREF(by);
    PyErr_Clear();
}

// What joblib has left to its worker: the least of its variables.
static unsigned least_variable(void)
{
    unsigned found = 0;
    for (const struct pool_variable *variable = pool_variables; variable->name; variable++) {
        unsigned value =
            strstr(variable->name, "_NUM_THREADS") ? number_of(getenv(variable->name)) : 0;
        if (value && (!found || value < found))
            found = value;
    }
    return found;
}

static void take_share(const char *task, unsigned threads)
{
    const struct share_ask ask = {
        .proc = "/proc",
        .self = getpid(),
        .parent = getppid(),
        .task = task,
        .budget = least(threads, cores_of_mask()),
        .worker = least_variable(),
    };
    hold_variables(share_find(&ask));
}

// Python >= 3.13 reads PYTHON_CPU_COUNT, which the launcher sets to the slot's cores and no share changes.
static void correct_cpu_count(PyObject *module, PyObject *os, unsigned threads)
{
    PyObject *version = PySys_GetObject("hexversion");
    unsigned said = number_of(getenv("PYTHON_CPU_COUNT"));
    if (version && PyLong_AsLong(version) >= 0x030d0000)
        return;
    state_of(module)->cores = said > threads ? said : threads;
    put_into_os(module, os, of_os);
}

void forks_start(PyObject *module)
{
    PyObject *os = modules_imported("os");
    const char *task = getenv("LOPIN_TASK");
    unsigned threads = number_of(getenv("LOPIN_THREADS"));
    if (os && task) {
        watch_forks(module, os);
        if (threads) {
            correct_cpu_count(module, os, threads);
            take_share(task, threads);
        }
    }
    PyErr_Clear();
}

void forks_free(struct forks *forks)
{
    singles_free(&forks->singles);
    Py_XDECREF(forks->fork);
    Py_XDECREF(forks->forkpty);
}
