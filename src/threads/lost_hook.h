// SPDX-License-Identifier: Apache-2.0
// lost_hook: why a Python runs without the startup hook, from its line and its environment.
#pragma once

#include "base/str.h"
#include "threads/pools.h"

enum { LOST_HOOK_YOUNG_MS = 1000 }; // younger: it may not have come so far
// `line`: the words of cmdline, a NUL behind each; `environment` likewise; `mapped`: guard.bin is. A process
// that is no Python (`program`: the name of its file) gives HOOK_NONE.
enum hook lost_hook(const char *program, const struct str *line, const struct str *environment,
                    int mapped);
// Whether a mapped file is the hook's: .../hook-0123456789abcdef/guard.bin.
int lost_hook_is_guard(const char *path, size_t size);
