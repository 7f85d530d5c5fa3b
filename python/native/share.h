// SPDX-License-Identifier: Apache-2.0
// share: how many of its slot's cores an interpreter may use, by who started it and beside whom.
//
// Asked once, when an interpreter starts. Reads proc(5): the words that it was started with, the children of its
// parent, and further up as long as there are shells, make, xargs or other programs in between, as they hand
// an environment on without dividing what it says. Needs no interpreter, allocates a little, and says nothing.
#pragma once

#include <sys/types.h>

struct share_ask {
    const char *proc; // "/proc"
    pid_t self, parent;
    const char *task; // LOPIN_TASK: who has the same belongs to us
    unsigned budget;  // at least 1
    // What joblib's variables leave to one of its workers; 0 if none is below the budget.
    unsigned worker;
};

// 1 to ask->budget. What cannot be read counts as not there: then more is given, never less than 1.
unsigned share_find(const struct share_ask *ask);
