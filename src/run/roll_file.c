// SPDX-License-Identifier: Apache-2.0
// roll_file: the run folder's `roll` (docs/formats.md, "roll"): the arrays as they lie in
// memory, with a checksum, for the machines whose numbers look like ours; another's is as if it
// were not there.
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "run/roll.h"

#define FILE_NAME "roll"
enum { MOST_ENDED = 3, TAIL_SIZE = 4096, SIZE_LIMIT = 1 << 30 };

static const char first_line[16] = "lopin-roll 1\n"; // NULs behind
struct head {
    char first[sizeof first_line];
    uint32_t order; // ORDER
    uint32_t sum;   // CRC-32 of all that follows
    uint64_t source, count, room, journals, failures;
    uint64_t in_state[OUTCOME_STOPPED + 1];
};
#define ORDER 0x01020304
struct saved_journal {
    uint64_t inode, records;
    int64_t at, start_us, end_us, memory_kb;
    uint32_t parcel, restart, cores, slots, closed;
    uint32_t tail; // CRC-32 of the last bytes before `at`
};
static const size_t summed = offsetof(struct head, source);

static void add(struct str *into, const void *bytes, size_t size)
{
    if (size)
        str_add_bytes(into, bytes, size);
}

void roll_format(const struct roll *roll, const struct str *source, const uint32_t *tail,
                 struct str *into)
{
    struct head head = {.order = ORDER,
                        .source = source->size,
                        .count = roll->count,
                        .room = roll->room,
                        .journals = roll->journals,
                        .failures = roll->failures.size};
    memcpy(head.first, first_line, sizeof first_line);
    for (size_t i = 0; i < COUNT(head.in_state); i++)
        head.in_state[i] = roll->in_state[i];
    mem_room(&into->text, &into->room,
             sizeof head + roll->count * sizeof *roll->item + roll->room * sizeof *roll->slot +
                 roll->journals * sizeof(struct saved_journal) + roll->failures.size +
                 source->size + 1,
             1);
    add(into, &head, sizeof head);
    add(into, roll->item, roll->count * sizeof *roll->item);
    for (size_t i = 0; i < roll->journals; i++) {
        const struct roll_journal *journal = &roll->journal[i];
        const struct segment *segment = &journal->segment;
        const struct saved_journal saved = {
            .inode = journal->inode,
            .records = journal->records,
            .at = journal->at,
            .start_us = segment->start_us,
            .end_us = segment->end_us,
            .memory_kb = segment->memory_kb,
            .parcel = segment->parcel,
            .restart = segment->restart,
            .cores = segment->cores,
            .slots = segment->slots,
            .closed = (uint32_t)segment->closed,
            .tail = tail[i],
        };
        add(into, &saved, sizeof saved);
    }
    add(into, roll->slot, roll->room * sizeof *roll->slot);
    add(into, roll->failures.text, roll->failures.size);
    add(into, source->text, source->size);
    head.sum = libdeflate_crc32(0, into->text + summed, into->size - summed);
    memcpy(into->text, &head, sizeof head);
}

// What is left of the bytes, in the order in which they were written.
struct reading {
    const char *at;
    size_t left;
};

// A copy of `count` things of `size` bytes; NULL if there are not as many. Yours.
static void *get(struct reading *reading, uint64_t count, size_t size)
{
    if (count > reading->left / size)
        return NULL;
    void *copy = mem_alloc(count * size);
    if (count)
        memcpy(copy, reading->at, count * size);
    reading->at += count * size;
    reading->left -= count * size;
    return copy;
}

static int get_journals(struct roll *roll, struct reading *reading, uint64_t count,
                        uint32_t **ret_tail)
{
    CLEANUP_FREE struct saved_journal *saved = get(reading, count, sizeof *saved);
    if (!saved)
        return -1;
    *ret_tail = mem_alloc(count * sizeof **ret_tail);
    mem_room(&roll->journal, &roll->journal_room, count, sizeof *roll->journal);
    for (size_t i = 0; i < count; i++) {
        if (saved[i].at < 0)
            return -1;
        (*ret_tail)[i] = saved[i].tail;
        roll->journal[roll->journals++] = (struct roll_journal){
            .inode = saved[i].inode,
            .at = saved[i].at,
            .records = saved[i].records,
            .segment = {.parcel = saved[i].parcel,
                        .restart = saved[i].restart,
                        .cores = saved[i].cores,
                        .slots = saved[i].slots,
                        .start_us = saved[i].start_us,
                        .end_us = saved[i].end_us,
                        .memory_kb = saved[i].memory_kb,
                        .closed = saved[i].closed != 0},
        };
    }
    return 0;
}

// Whether there is a failure at that place: a number and two texts that end.
static int is_failure(const struct str *failures, int64_t at)
{
    if (at < 0 || (uint64_t)at + sizeof(int32_t) >= failures->size ||
        failures->text[failures->size - 1])
        return 0;
    const char *cause = failures->text + at + sizeof(int32_t);
    const char *end = failures->text + failures->size;
    return cause + strlen(cause) + 1 < end;
}

// Whether no number leads out of the arrays, and a search through the slots ends.
static int is_possible(const struct roll *roll)
{
    size_t count[COUNT(roll->in_state)] = {0}, empty = 0;
    for (size_t i = 0; i < roll->count; i++) {
        const struct roll_item *item = &roll->item[i];
        if (item->state >= COUNT(count) || item->ended > MOST_ENDED ||
            (item->journal >= roll->journals &&
             (item->journal != ROLL_NONE || item->state != OUTCOME_WAITING)))
            return 0;
        if (item->state == OUTCOME_FAILED && !is_failure(&roll->failures, item->more))
            return 0;
        count[item->state]++;
    }
    for (size_t i = 0; i < roll->room; i++) {
        if (roll->slot[i] > roll->count)
            return 0;
        empty += !roll->slot[i];
    }
    return empty && memcmp(count, roll->in_state, sizeof count) == 0;
}

static int parse(struct roll *ret, struct reading *reading, const struct head *head,
                 const struct str *source, uint32_t **ret_tail)
{
    if (head->count > UINT32_MAX || head->room != roll_room(head->count))
        return -1;
    ret->count = head->count;
    ret->room = head->room;
    for (size_t i = 0; i < COUNT(head->in_state); i++)
        ret->in_state[i] = head->in_state[i];
    ret->item = get(reading, head->count, sizeof *ret->item);
    if (!ret->item || get_journals(ret, reading, head->journals, ret_tail) < 0)
        return -1;
    ret->slot = get(reading, head->room, sizeof *ret->slot);
    if (!ret->slot || head->failures > reading->left)
        return -1;
    add(&ret->failures, reading->at, head->failures);
    reading->at += head->failures;
    reading->left -= head->failures;
    return reading->left == source->size && head->source == source->size &&
                   memcmp(reading->at, str_text(source), source->size) == 0 && is_possible(ret)
               ? 0
               : -1;
}

int roll_parse(struct roll *ret, const char *bytes, size_t size, const struct str *source,
               uint32_t **ret_tail)
{
    struct head head;
    *ret_tail = NULL;
    if (size < sizeof head)
        return -1;
    memcpy(&head, bytes, sizeof head);
    struct reading reading = {bytes + sizeof head, size - sizeof head};
    if (memcmp(head.first, first_line, sizeof first_line) == 0 && head.order == ORDER &&
        head.sum == libdeflate_crc32(0, bytes + summed, size - summed) &&
        parse(ret, &reading, &head, source, ret_tail) == 0)
        return 0;
    roll_free(ret);
    free(TAKE(*ret_tail));
    return -1;
}

// What identifies the bytes of a journal that end at its place. Returns 0 or -1.
static int tail_sum(const struct roll_journal *journal, int run_dir, uint32_t *ret)
{
    char name[64], bytes[TAIL_SIZE];
    struct stat st;
    snprintf(name, sizeof name, "journal.%u-%u", journal->segment.parcel,
             journal->segment.restart);
    CLEANUP_CLOSE int fd = openat(run_dir, name, O_RDONLY | O_CLOEXEC);
    int64_t size = journal->at < TAIL_SIZE ? journal->at : TAIL_SIZE;
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != journal->inode ||
        pread(fd, bytes, (size_t)size, journal->at - size) != size)
        return -1;
    *ret = libdeflate_crc32(0, bytes, (size_t)size);
    return 0;
}

void roll_load(struct roll *ret, int run_dir, const struct str *source)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE uint32_t *tail = NULL;
    if (fs_read(run_dir, FILE_NAME, SIZE_LIMIT, &text, NULL) < 0 ||
        roll_parse(ret, text.text, text.size, source, &tail) < 0)
        return;
    for (size_t i = 0; i < ret->journals; i++) {
        uint32_t sum;
        if (tail_sum(&ret->journal[i], run_dir, &sum) == 0 && sum == tail[i])
            continue;
        roll_free(ret);
        return;
    }
}

void roll_save(const struct roll *roll, int run_dir, const struct str *source)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE uint32_t *tail = mem_alloc(roll->journals * sizeof *tail);
    for (size_t i = 0; i < roll->journals; i++)
        if (tail_sum(&roll->journal[i], run_dir, &tail[i]) < 0)
            return;
    roll_format(roll, source, tail, &text);
    fs_replace(run_dir, FILE_NAME, text.text, text.size, 0600, 0, NULL);
}

void roll_drop(int run_dir)
{
    unlinkat(run_dir, FILE_NAME, 0);
}
