// SPDX-License-Identifier: Apache-2.0
// memory: a run's memory as a limit: what tasks use is watched, the next one starts only if it fits,
// short of room the newest large one is put back, and a death of memory is told from others.
//
// All times are CLOCK_BOOTTIME, all amounts KiB. Slots count from 0.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "machine/memory.h"

struct memory_ask {
    const char *root; // as in machine_source
    size_t datasets;
    unsigned slots;
    struct memory_limit limit; // of the parcel; kb 0: unknown, and nothing is held back
    int64_t each_kb;           // --mem-each, 0: none
    // --mem-retry: what a dataset has set aside after its second death, as a multiple of its peak; 0: it
    // fails at its first
    double retry;
};
struct memory;
struct memory *memory_new(const struct memory_ask *ask); // copies what it needs
void memory_free(struct memory *memory);

// May a dataset start now? Where nothing runs, one always may.
int memory_fits(struct memory *memory, uint32_t index, int64_t size);
void memory_started(struct memory *memory, unsigned slot, pid_t pid, uint32_t index,
                    int64_t size, int64_t now_us);

enum memory_verdict { MEMORY_FINE, MEMORY_PUT_BACK, MEMORY_OVER };
// Measures if it is time for it. Returns when it is time again. *ret other than MEMORY_FINE: the task
// in *ret_slot must be ended at once (there is no room left for a grace), and memory_ended called for
// it. PUT_BACK: its dataset runs again; OVER: it is above what one task may have.
int64_t memory_look(struct memory *memory, int64_t now_us, enum memory_verdict *ret,
                    unsigned *ret_slot);

enum memory_end {
    MEMORY_END_OTHER,  // its end has nothing to do with memory
    MEMORY_END_AGAIN,  // put back, or died of memory: its dataset runs again
    MEMORY_END_FAILED, // [memory-limit]
};
struct memory_death {
    enum memory_end end;
    int64_t peak_kb;  // of the task with its children; always
    int64_t limit_kb; // that it met; as the rest only with MEMORY_END_AGAIN and _FAILED
    int by_each;      // that was --mem-each
    int put_back;     // by us, short of room
    enum memory_by by;
};
// After its wait. `status` as wait() gives it, `maxrss_kb` its ru_maxrss; `ours`: it was ended by us
// for a reason that is not memory's.
void memory_ended(struct memory *memory, unsigned slot, int status, int64_t maxrss_kb, int ours,
                  int64_t now_us, struct memory_death *ret);

int64_t memory_used_kb(const struct memory *memory); // of the running tasks, at the last look
