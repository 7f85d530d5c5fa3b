// SPDX-License-Identifier: Apache-2.0
// memory_room: who may start. A task that runs has set aside what it had at most or what it is thought
// to need, whichever is more. What nobody knows yet starts as long as there is plenty.
#include "memory/memory_state.h"

#define PLENTY 0.70 // of the limit in use at most

static int is_alone(const struct memory *memory, uint32_t index)
{
    return memory->past[index].deaths > 2;
}

int64_t memory_wanted(const struct memory *memory, uint32_t index, int64_t size)
{
    const struct memory_past *past = &memory->past[index];
    int64_t guess = need_guess(memory->need, size);
    int64_t own = need_with_room(past->peak_kb);
    if (past->deaths > 1 && (double)past->peak_kb * memory->ask.retry > (double)own)
        own = (int64_t)((double)past->peak_kb * memory->ask.retry);
    return own > guess ? own : guess;
}

// Counted once between two changes: a look through a queue asks for many.
static void count_aside(struct memory *memory)
{
    memory->aside_kb = memory->others_kb;
    for (unsigned i = 0; i < memory->ask.slots; i++) {
        const struct memory_task *task = &memory->task[i];
        if (!task->pid)
            continue;
        int64_t its = memory_wanted(memory, task->index, task->size);
        memory->aside_kb += its > task->peak_kb ? its : task->peak_kb;
        if (is_alone(memory, task->index)) // nobody beside it
            memory->ceiling = 1;
    }
}

int memory_fits(struct memory *memory, uint32_t index, int64_t size)
{
    int64_t limit = memory->ask.limit.kb;
    if (!memory->running)
        return 1;
    if (memory->aside_kb < 0)
        count_aside(memory);
    if ((memory->ceiling && memory->running >= memory->ceiling) || is_alone(memory, index))
        return 0;
    if (!limit)
        return 1;
    int64_t wanted = memory_wanted(memory, index, size);
    if (!wanted)
        return (double)(memory->others_kb + memory->sum_kb) < PLENTY * (double)limit;
    return memory->aside_kb + wanted <= limit;
}
