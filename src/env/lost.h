// SPDX-License-Identifier: Apache-2.0
// lost: what became of the interpreter of an environment: it is gone, or moved, may not be executed, or
// does not find its library because a module is not loaded.
#pragma once

#include "base/err.h"
#include "base/vars.h"
#include "env/site.h"

// [env-broken] if that folder is an environment whose interpreter or folder of packages is gone: what
// python_find and site_open would call no environment. Nothing is started. Returns 0, or -1 with err.
int lost_check(const char *prefix, struct err *err);
// [env-broken] if the interpreter does not start, with what the loader says and the modules to load. A
// start that costs 2 ms. Returns 0, or -1 with err.
int lost_start(const struct site *site, const struct vars *vars, struct err *err);
// The same, where a module is not loaded that was when the environment was made; else nothing is
// started: what is known of an interpreter is kept, and would not show it.
int lost_modules(const struct site *site, const struct vars *vars, struct err *err);
