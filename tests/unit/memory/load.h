// SPDX-License-Identifier: Apache-2.0
// Processes of this machine that hold memory, for who looks at them.
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct load {
    pid_t pid;
};

// A process with `mib` MiB of its own; with `child`, it has two that share all of it, the first with
// `child_mib` more of its own. Each holds what it has when this returns, and ends with this process.
struct load load_start(size_t mib, size_t child_mib, int child);
void load_end(const struct load *load);
