// SPDX-License-Identifier: Apache-2.0
// footprint: what the processes of one task have in memory. Files of /proc stay open between looks:
// a look costs a microsecond a process, a walk for new ones some more.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct member { // a process
    pid_t pid;
    int statm; // descriptor; -1: opened at each look
    int64_t kb;
};
struct footprint { // zero-initialise to begin
    struct member *member;
    size_t count, room;
    int64_t lost_kb; // what the largest had that ended since somebody set this to 0
};
void footprint_begin(struct footprint *footprint, pid_t pid);
void footprint_end(struct footprint *footprint); // closes; may begin again
// Sum of resident sets, KiB: shared pages count more than once. `walk`: look for new processes too.
int64_t footprint_resident(struct footprint *footprint, int walk);
// What they have for themselves: shared pages in parts (PSS), without files' pages, which the kernel
// can drop. A millisecond for each gigabyte. Where it cannot be read, the resident set.
int64_t footprint_own(const struct footprint *footprint);
