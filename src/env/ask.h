// SPDX-License-Identifier: Apache-2.0
// ask: a question put to an interpreter: a program for it, and what it writes.
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vars.h"

// Runs `path` -I -S -c `program` `words` (NULL-terminated, may be NULL), without variables that begin
// with PYTHON, and adds what it writes to `ret`. Returns 0, or -1 with [no-python]: it cannot be
// started, fails, says nothing, or takes over 20 s.
int ask_python(const char *path, const char *program, const char *const *words,
               const struct vars *vars, struct str *ret, struct err *err);
// Starts it for its version alone, which needs nothing but the program and its libraries: 2 ms. Returns
// 0, or -1 with [no-python]; its text ends in the last line that it said.
int ask_start(const char *path, const struct vars *vars, struct err *err);
