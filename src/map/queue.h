// SPDX-License-Identifier: Apache-2.0
// queue: the datasets that wait for a slot: those not begun, in their order, then those whose
// attempt ended and that run again in this start.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "map/run.h"

struct tried {                   // of a dataset, in this start
    uint32_t attempts;           // that ended
    uint16_t retries, continues; // of them: after a failure; after exit 75
    uint8_t quick;               // exits 75 in a row that came quickly
    uint8_t saved;               // the last one ended by exit 75
    uint8_t full;                // one failed when the disk was full
};
struct queue; // free with queue_free
struct queue *queue_new(const struct run *run);
size_t queue_count(const struct queue *queue);
double queue_bytes(const struct queue *queue); // of their files
// May the dataset begin now?
enum queue_fit { QUEUE_FITS, QUEUE_LATER, QUEUE_NEVER };
typedef enum queue_fit queue_fits(const void *context, uint32_t index);
// The first dataset that fits, of those near the front: *ret_at is its place for queue_take.
// LATER if none fits but one that may later; NEVER if there is none, or none ever will.
enum queue_fit queue_find(const struct queue *queue, queue_fits *fits, const void *context,
                          size_t *ret_at, uint32_t *ret_index);
void queue_take(struct queue *queue, size_t at);
// At the end.
void queue_put(struct queue *queue, uint32_t index);
// What came before of a dataset, to read or to change; stays until queue_free.
struct tried *queue_tried(struct queue *queue, uint32_t index);
// 0 where nothing of a dataset has ended in this start: queue_tried costs memory for each.
int queue_has_tried(const struct queue *queue, uint32_t index);
void queue_free(struct queue *queue);
