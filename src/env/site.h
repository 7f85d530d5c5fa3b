// SPDX-License-Identifier: Apache-2.0
// site: an environment on disk, found without starting its interpreter, whoever made it (venv,
// virtualenv, uv, conda, lopin).
#pragma once

#include "base/err.h"

struct site {       // each is yours
    char *prefix;   // absolute: VIRTUAL_ENV
    char *python;   // PREFIX/bin/python
    char *packages; // PREFIX/lib/python3.11/site-packages, absolute
    char *home;     // the folder of the installation's programs; NULL: its own (conda)
    char *modules; // that were loaded when it was made: LOADEDMODULES; NULL: none, or not known
    int major, minor;
    int system_site; // it sees the installation's packages
    int is_lopin;    // lopin made it
};
// Returns 0, or -1 with [no-env]: no such folder, or no environment in it.
int site_open(const char *prefix, struct site *ret, struct err *err);
// The names of one that is being made for an interpreter of that version.
void site_name(const char *prefix, const char *version, struct site *ret);
void site_free(struct site *site);
