// SPDX-License-Identifier: Apache-2.0
// guard: the environment that holds a task's thread pools to its slot.
//
// Affinity and variables are both needed (libgomp obeys the variable over the mask, Debian's
// OpenBLAS-OpenMP ignores the mask), and which variables depends on the width: with more than
// one thread only those that do not switch joblib's own guard off.
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/vars.h"

// Changes vars for a task of `threads` cores: sets what must be set, lowers or drops inherited
// values that exceed it or that pin outside the slot. An inherited value that is smaller stays:
// somebody chose it. Adds to `ret_lowered` (may be NULL) the name of each inherited variable
// that it changed.
void guard_apply(struct vars *vars, unsigned threads, struct strv *ret_lowered);

// The startup hook (python/embedded/sitecustomize.py, embedded): makes sure that the folder that
// holds it is in the cache (written by temporary name and rename, owner checked) and gives its
// path. Yours. `cache`: lopin's cache folder, absolute; made if absent, refused if others can
// write in it. NULL with err. Costs a few calls to stat when it is there.
char *hook_folder(const char *cache, struct err *err);
// Set in a task: its Pythons import the drop-in when they import threadpoolctl (python/lopin/fast).
#define HOOK_FAST_THREADPOOLCTL "LOPIN_FAST_THREADPOOLCTL"
// Puts the hook's folder first on PYTHONPATH of vars; `keep` (may be NULL) follows it, then
// what vars has.
void hook_apply(struct vars *vars, const char *folder, const char *keep);
