// SPDX-License-Identifier: Apache-2.0
// spans: how long a run took, of the times in which journals were written.
//
// Journals of one parcel come one after the other: their times add up, whatever the clock on
// the wall did between them. Parcels write side by side: what some of them had in common counts
// once.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct span { // of one journal
    unsigned parcel;
    uint32_t cores;
    int64_t start_us, end_us; // Unix time: clocks of boot differ from node to node
    int64_t tail_us;          // how long some slot had no more tasks
};
// Microseconds in which at least one was written. *ret_cores: the most that they had at one
// time.
int64_t spans_wall_us(const struct span *span, size_t count, uint32_t *ret_cores);
// The longest tail, of the journals of a parcel together.
int64_t spans_tail_us(const struct span *span, size_t count);
