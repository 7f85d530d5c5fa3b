// SPDX-License-Identifier: Apache-2.0
// venv: the frame of an environment (PEP 405), as venv and virtualenv make it: links to the
// interpreter, pyvenv.cfg, an empty site-packages, scripts that activate it, the command pip.
#pragma once

#include "base/err.h"
#include "env/facts.h"

struct venv_ask {
    const char *prefix;        // absolute: where it shall be
    const struct facts *facts; // of the interpreter
    const char *prompt;        // NULL: the folder's name
    const char *version;       // of lopin, for pyvenv.cfg
    const char *lopin;         // the program: what activate asks and the command pip starts
    const char *modules;       // LOADEDMODULES of who makes it, or NULL
    int no_pip;                // without that command
    int system_site;
    int no_packages; // without the folder of packages, which will be a link
};
// Makes it in the folder `at` (absolute, which is there), as if it stood at ask->prefix. What is
// there already is replaced file by file. Returns 0, or -1 with err.
int venv_write(const struct venv_ask *ask, const char *at, struct err *err);
// Makes the command pip in `at` as venv_write does.
int venv_write_pip(const struct venv_ask *ask, const char *at, struct err *err);
