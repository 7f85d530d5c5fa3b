// SPDX-License-Identifier: Apache-2.0
// threads_words: verdicts on threads as sentences, and their cures.
#pragma once

#include "base/str.h"
#include "threads/pools.h"
#include "threads/verdict.h"

struct words_case {
    enum verdict verdict;
    struct verdict_facts facts;
    const char
        *libraries; // "OpenBLAS (numpy, scipy)"; "" or NULL: none with more than one thread
    const char *variable; // that sets all of them; NULL
    int in_task;          // under lopin
};
// Adds "8 processes x 8 threads ask for 28.2 times their 2 cores and wait 98 % of the time; ...".
void words_add(struct str *into, const struct words_case *of);
// Adds what to do: "run it under lopin, or set OPENBLAS_NUM_THREADS=1". Nothing if nothing is to be done.
void words_add_cure(struct str *into, const struct words_case *of);
// Why a Python has no startup hook, and what to do. Static, translated.
const char *words_hook(enum hook hook);
const char *words_hook_cure(enum hook hook);
