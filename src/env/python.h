// SPDX-License-Identifier: Apache-2.0
// python: which interpreter a run uses, and its facts, asked once and kept.
//
// Order where nothing is said: VIRTUAL_ENV, CONDA_PREFIX (conda's "base" by its place on PATH
// only), python3 on PATH (a loaded module wins by itself). Where a version is asked: these as
// far as they fit, then pyenv's versions from the newest, /usr/bin, /usr/local/bin. pyenv's
// shims are looked through, never run: they cost 30 ms a start.
#pragma once

#include "base/err.h"
#include "base/vars.h"
#include "env/facts.h"

enum python_origin { PYTHON_PATH, PYTHON_VENV, PYTHON_CONDA, PYTHON_ASKED, PYTHON_ENV };
struct python {
    char *path; // absolute, executable; the venv's own link where it is a venv's
    struct facts facts;
    enum python_origin origin;
};
struct python_ask {
    // --python: a path, a program's name, "3.11", "python3.11", "3.11.7", ">=3.11,<3.13"; or
    // NULL
    const char *want;
    // --env: the folder of an environment, "none" for the bare interpreter, or NULL
    const char *env;
    const struct vars *vars;
    // lopin's cache folder, where facts are kept by path, inode, size and time; NULL: not kept
    const char *cache;
    // Interpreters that a site names, the preferred first; may be NULL. Where no version is asked they
    // stand before PATH, else behind it.
    const struct strv *also;
};
// Returns 0, or -1 with err ([no-python] lists what was found and what to type, [no-env]).
int python_find(const struct python_ask *ask, struct python *ret, struct err *err);
void python_free(struct python *python);
// Entries that the startup hook puts behind the packages of the environment, as PYTHONPATH does before.
#define PYTHON_PATH_BEHIND "LOPIN_PATH_BEHIND"
// What modules in force (LOADEDMODULES) put on PYTHONPATH: "/a:/b", yours; NULL: nothing.
char *python_module_path(const struct vars *vars);
// What --keep-env was not asked for (`keep`: names of variables, may be NULL) and so does not
// reach a task: drops PYTHONPATH, PYTHONHOME and PYTHONSTARTUP, sets PYTHONNOUSERSITE=1,
// VIRTUAL_ENV and PATH by the interpreter. Adds the names dropped to `ret_dropped` (may be
// NULL; PYTHONNOUSERSITE only if a user site folder is there that this interpreter would use).
// What modules in force (LOADEDMODULES) put on PYTHONPATH is given back in `ret_keep` for
// hook_apply (yours, NULL if nothing stays); a PYTHONPATH that is in `keep` stays in vars.
// `python` NULL: a program that is none, and may start one: PATH and VIRTUAL_ENV stay.
void python_isolate(const struct python *python, struct vars *vars, const struct strv *keep,
                    struct strv *ret_dropped, char **ret_keep);
