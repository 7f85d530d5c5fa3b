// SPDX-License-Identifier: Apache-2.0
// explain: what each error means and what cures it, for `lopin explain`.
#pragma once

#include "base/err.h"

struct explanation {
    const char *title; // N_(), one line
    // N_(), lines of at most 78 columns, each with its newline; commands to type begin with 4
    // spaces.
    const char *text;
};
// By code; title NULL where there is none.
extern const struct explanation explanations[ERR_COUNT];
