// SPDX-License-Identifier: Apache-2.0
// memory: how much of it is ours, who says so, and how much of that is in use.
//
// Ours = the least of the machine's memory, the limits of our control groups from our own up to the
// root (v1 memory.limit_in_bytes, v2 memory.max and memory.high), and Slurm's variables. Never what
// happens to be free: that is others' as much as ours.
#pragma once

#include <stdint.h>

#include "machine/allot.h"

enum memory_by {
    MEMORY_BY_MACHINE,
    MEMORY_BY_CGROUP,
    MEMORY_BY_SLURM,
    MEMORY_BY_ALLOC, // the lopin alloc that we are in: LOPIN_PARCEL_MEMORY
    MEMORY_BY_ASKED, // --mem: never by memory_limit_read
};
// Who imposes it, for a person. Static.
const char *memory_by_words(enum memory_by by);
// Environment of what runs in a parcel with a limit of its own, KiB.
#define MEMORY_PARCEL "LOPIN_PARCEL_MEMORY"
struct memory_limit {
    int64_t kb; // 0: nothing is known
    enum memory_by by;
};
void memory_limit_read(const struct machine_source *source, struct memory_limit *ret);

struct memory_gauge; // our control groups' files, kept open
// `root` as in machine_source. Never NULL; memory_gauge_free it.
struct memory_gauge *memory_gauge_new(const char *root);
void memory_gauge_free(struct memory_gauge *gauge);
struct memory_use {
    int64_t used_kb;  // without the file cache that the kernel can drop
    int64_t limit_kb; // 0: no group is limited, or it cannot be read
};
// Of the group that has least room. Costs some ten microseconds a limited group.
void memory_gauge_read(struct memory_gauge *gauge, struct memory_use *ret);
// How many processes of our group the kernel has killed for want of memory; where groups do not tell,
// of the machine. -1: unknown.
int64_t memory_gauge_kills(struct memory_gauge *gauge);
