// SPDX-License-Identifier: Apache-2.0
// vars: a set of environment variables as a value, in the form that execve takes.
#pragma once

#include <stddef.h>

#include "base/str.h"

struct vars {
    struct strv list; // "NAME=value", NULL-terminated
};
void vars_copy(struct vars *vars, char *const *environment); // adds all of them
// NULL if absent; borrowed until changed
const char *vars_get(const struct vars *vars, const char *name);
void vars_set(struct vars *vars, const char *name,
              const char *value); // the only one of its name then
void vars_unset(struct vars *vars, const char *name);
void vars_free(struct vars *vars);
#define CLEANUP_VARS CLEANUP(vars_free)
