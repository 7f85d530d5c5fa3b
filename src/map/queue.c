// SPDX-License-Identifier: Apache-2.0
// queue: an array that is used up from its front. What is taken from behind the front leaves no
// hole: those before it move up by one.
#include "map/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NEAR 1000 // the largest are in front: one that fits comes soon

struct queue {
    const struct datasets *datasets;
    uint32_t *index;
    size_t first, end, room;
    double bytes;
    struct tried *tried; // of each dataset, or NULL until one has ended to run again
};

struct queue *queue_new(const struct run *run)
{
    struct queue *queue = mem_zero(1, sizeof *queue);
    queue->datasets = run->datasets;
    mem_room(&queue->index, &queue->room, run->count + 1, sizeof *queue->index);
    for (size_t i = 0; i < run->count; i++)
        queue_put(queue, run->order[i]);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    free(queue->index);
    free(queue->tried);
    free(queue);
}

size_t queue_count(const struct queue *queue)
{
    return queue->end - queue->first;
}

double queue_bytes(const struct queue *queue)
{
    return queue->bytes;
}

enum queue_fit queue_find(const struct queue *queue, queue_fits *fits, const void *context,
                          size_t *ret_at, uint32_t *ret_index)
{
    enum queue_fit best = QUEUE_NEVER;
    for (size_t i = queue->first; i < queue->end && i - queue->first < NEAR; i++) {
        enum queue_fit fit = fits(context, queue->index[i]);
        best = fit < best ? fit : best;
        if (fit != QUEUE_FITS)
            continue;
        *ret_at = i;
        *ret_index = queue->index[i];
        break;
    }
    return best;
}

void queue_take(struct queue *queue, size_t at)
{
    queue->bytes -= (double)dataset_size(&queue->datasets->item[queue->index[at]]);
    memmove(queue->index + queue->first + 1, queue->index + queue->first,
            (at - queue->first) * sizeof *queue->index);
    queue->first++;
}

void queue_put(struct queue *queue, uint32_t index)
{
    mem_room(&queue->index, &queue->room, queue->end + 1, sizeof *queue->index);
    queue->index[queue->end++] = index;
    queue->bytes += (double)dataset_size(&queue->datasets->item[index]);
}

struct tried *queue_tried(struct queue *queue, uint32_t index)
{
    if (!queue->tried)
        queue->tried = mem_zero(queue->datasets->count, sizeof *queue->tried);
    return &queue->tried[index];
}

int queue_has_tried(const struct queue *queue, uint32_t index)
{
    return queue->tried && queue->tried[index].attempts;
}
