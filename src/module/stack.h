// SPDX-License-Identifier: Apache-2.0
// stack: variables that modules push values on, and take them from again (pushenv).
//
// Lmod has the values in __LMOD_STACK_NAME, the newest first, and takes the newest away, whoever unloads. Environment
// Modules has in __MODULES_PUSHENV_NAME whose each is, and takes that one away. Where it works in the same shell its
// list is kept too and counts, as it changes nothing in Lmod's.
#pragma once

#include "base/vars.h"

struct stack_change {
    const char *name;
    const char *value; // NULL: the variable is unset
    const char *owner; // the full name of the module
    int noted; // there is an Environment Modules; if not its list still counts where there is one
};
// Sets a variable and remembers what it was.
void stack_push(struct vars *vars, const struct stack_change *change);
// Takes a push back.
void stack_pop(struct vars *vars, const struct stack_change *change);
