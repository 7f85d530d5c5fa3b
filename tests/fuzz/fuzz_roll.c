// SPDX-License-Identifier: Apache-2.0
// Rolls: no bytes crash the reader; of what it takes every number and text may be followed.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "run/roll.h"

enum { DATASETS = 4, JOURNALS = 3, ROOM = 16 };

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

struct source {
    const unsigned char *at;
    size_t left;
};

static void fill(struct source *source, void *into, size_t size)
{
    size_t some = size < source->left ? size : source->left;
    memset(into, 0, size);
    if (some)
        memcpy(into, source->at, some);
    source->at += some;
    source->left -= some;
}

static unsigned byte(struct source *source, unsigned below)
{
    unsigned char value;
    fill(source, &value, 1);
    return value % below;
}

static void follow(const char *bytes, size_t size, const struct str *about)
{
    struct roll roll CLEANUP_ROLL = {0};
    CLEANUP_FREE uint32_t *tail = NULL;
    if (roll_parse(&roll, bytes, size, about, &tail) < 0)
        return;
    size_t sum = 0;
    for (size_t i = 0; i < roll.count; i++) {
        const struct roll_item *item = &roll.item[i];
        if (item->journal != ROLL_NONE)
            sum += roll.journal[item->journal].segment.cores + tail[item->journal];
        else if (item->state != OUTCOME_WAITING)
            abort();
        if (item->state != OUTCOME_FAILED)
            continue;
        struct roll_failure failure = roll_failure(&roll, item);
        sum += strlen(failure.cause) + strlen(failure.detail);
    }
    for (size_t i = 0; i < roll.room; i++)
        if (roll.slot[i])
            sum += roll.item[roll.slot[i] - 1].key;
    CLEANUP_STR struct str again = {0};
    roll_format(&roll, about, tail, &again);
    if (sum != SIZE_MAX && again.size != size)
        abort();
}

// A roll with these contents and a right checksum.
static void make(struct source *source, struct str *into, const struct str *about)
{
    struct roll_item item[DATASETS];
    struct roll_journal journal[JOURNALS];
    uint32_t slot[ROOM], tail[JOURNALS] = {0};
    char failures[64];
    struct roll roll = {.item = item, .slot = slot, .journal = journal, .room = ROOM};
    roll.count = byte(source, DATASETS + 1);
    roll.journals = byte(source, JOURNALS + 1);
    roll.failures = (struct str){.text = failures, .size = byte(source, sizeof failures)};
    int counted = byte(source, 4) > 0;
    fill(source, slot, sizeof slot / 4); // the others are empty, mostly
    memset(slot + ROOM / 4, 0, sizeof slot - sizeof slot / 4);
    fill(source, failures, sizeof failures);
    fill(source, item, sizeof item);
    fill(source, journal, sizeof journal);
    for (size_t i = 0; counted && i < roll.count; i++)
        roll.in_state[item[i].state %= COUNT(roll.in_state)]++;
    for (size_t i = 0; counted && i < ROOM; i++)
        slot[i] %= DATASETS;
    for (size_t i = 0; counted && i < roll.count; i++) {
        item[i].ended %= 3;
        item[i].journal %= JOURNALS + 1;
        item[i].more &= 127;
        item[i].journal = item[i].journal == JOURNALS ? ROLL_NONE : item[i].journal;
    }
    roll_format(&roll, about, tail, into);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct source source = {bytes, size};
    char text[] = "datasets size=1";
    const struct str about = {.text = text, .size = strlen(text)};
    CLEANUP_STR struct str made = {0};
    CLEANUP_FREE char *copy = mem_dupn((const char *)bytes, size);
    follow(copy, size, &about);
    make(&source, &made, &about);
    follow(made.text, made.size, &about);
    return 0;
}
