// SPDX-License-Identifier: Apache-2.0
// usage: a lane for each slot of the journal at hand; journals are read one after the other.
#include "run/usage.h"

#include <stdlib.h>

#include "base/mem.h"

#define MAX_SLOTS (1U << 16) // a number in a file is no reason to fill the memory

struct lane {     // a slot during one segment; times are CLOCK_BOOTTIME
    uint64_t key; // of the task that has it
    int64_t start_us;
    int64_t free_us; // end of its last task, or the segment's start
    int open;        // has a task without an end
};
struct usage_segment { // one journal
    unsigned parcel, restart;
    int64_t start_us, end_us;
    int64_t wall_us; // Unix time of its first record
    uint32_t cores, slots, threads;
    struct lane *lane; // slots of them
    int closed;
};

void usage_begin(struct usage *usage, const struct spec *spec)
{
    *usage =
        (struct usage){.cores = spec->cores, .slots = spec->slots, .threads = spec->threads};
}

static void segment_slots(struct usage_segment *segment, uint32_t slots)
{
    segment->slots = slots > MAX_SLOTS ? MAX_SLOTS : slots;
    segment->lane = mem_zero(segment->slots, sizeof *segment->lane);
    for (uint32_t i = 0; i < segment->slots; i++)
        segment->lane[i].free_us = segment->start_us;
}

static void segment_end(struct usage *usage)
{
    struct usage_segment *segment = usage->segment;
    int64_t wall = segment->end_us - segment->start_us;
    int64_t first_free = segment->end_us;
    double unknown = 0;
    for (uint32_t i = 0; i < segment->slots; i++) {
        const struct lane *lane = &segment->lane[i];
        if (lane->open)
            unknown += (double)(segment->end_us - lane->start_us);
        else if (segment->closed)
            usage->idle_us += (double)(segment->end_us - lane->free_us);
        if (!lane->open && lane->free_us < first_free)
            first_free = lane->free_us;
    }
    mem_room(&usage->span, &usage->span_room, usage->spans + 1, sizeof *usage->span);
    usage->span[usage->spans++] = (struct span){
        .parcel = segment->parcel,
        .cores = segment->cores,
        .start_us = segment->wall_us,
        .end_us = segment->wall_us + wall,
        .tail_us = segment->closed ? segment->end_us - first_free : 0,
    };
    usage->slots_us += (double)wall * segment->slots;
    usage->busy_us += unknown;
    double reserved = (double)wall * segment->cores - unknown * segment->threads;
    usage->reserved_us += reserved > 0 ? reserved : 0;
    free(segment->lane);
    free(TAKE(usage->segment));
}

void usage_end(struct usage *usage)
{
    if (usage->segment)
        segment_end(usage);
    usage->wall_us = spans_wall_us(usage->span, usage->spans, &usage->most_cores);
    usage->tail_us = spans_tail_us(usage->span, usage->spans);
    free(TAKE(usage->span));
    usage->spans = usage->span_room = 0;
}

static void segment_begin(struct usage *usage, const struct record *record, unsigned parcel,
                          unsigned restart)
{
    int open = record->kind == RECORD_OPEN; // else its line is damaged
    usage->segment = mem_alloc(sizeof *usage->segment);
    *usage->segment = (struct usage_segment){
        .parcel = parcel,
        .restart = restart,
        .start_us = record->boot_us,
        .end_us = record->boot_us,
        .wall_us = record->wall_us,
        .cores = open && record->cores ? record->cores : usage->cores,
        .threads = open && record->threads ? record->threads : usage->threads,
    };
    segment_slots(usage->segment, open && record->slots ? record->slots : usage->slots);
}

// A slot is free at the exit of its task, whose end is recorded later: it may have the next one
// already.
static void lane_end(struct lane *lane, const struct record *record)
{
    if (!lane->open || lane->key != record->key)
        return;
    lane->open = 0;
    lane->free_us = record->boot_us;
}

void usage_add(struct usage *usage, const struct record *record, unsigned parcel,
               unsigned restart)
{
    if (usage->segment &&
        (usage->segment->parcel != parcel || usage->segment->restart != restart))
        segment_end(usage);
    if (!usage->segment)
        segment_begin(usage, record, parcel, restart);
    struct usage_segment *segment = usage->segment;
    if (record->boot_us > segment->end_us)
        segment->end_us = record->boot_us;
    segment->closed |= record->kind == RECORD_CLOSE;
    usage->narrow_us += (double)record->narrow_us;
    struct lane *lane = record->slot && record->slot <= segment->slots
                            ? &segment->lane[record->slot - 1]
                            : NULL;
    if (record->kind == RECORD_START && lane)
        *lane = (struct lane){record->key, record->boot_us, record->boot_us, 1};
    if (record->kind != RECORD_END)
        return;
    if (lane)
        lane_end(lane, record);
    usage->ended++;
    usage->cpu_us += record->user_us + record->system_us;
    usage->ended_us += record->duration_us;
    usage->busy_us += (double)record->duration_us;
}
