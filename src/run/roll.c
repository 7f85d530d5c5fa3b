// SPDX-License-Identifier: Apache-2.0
// roll: lines in the form that our writer gives them are taken without the tables of
// journal_record.c, any other by them: 200,000 of them in some 20 ms.
#include "run/roll.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/line.h"
#include "base/mem.h"
#include "dataset/datasets.h"
#include "run/digest.h"
#include "run/place.h"

#define FIRST_LINE "lopin-journal 1\n"
#define ROOM       ((size_t)1 << 19) // more than any line
#define MOSTLY     ((size_t)1 << 17) // stays in the cache of a core
#define SAVE_BYTES (1 << 20)         // of journals: worth writing what came of them

void roll_free(struct roll *roll)
{
    free(roll->item);
    free(roll->slot);
    free(roll->journal);
    str_free(&roll->failures);
    *roll = (struct roll){0};
}

size_t roll_room(size_t count)
{
    size_t room = 16;
    while (room < 2 * count)
        room *= 2;
    return room;
}

// The slot of a key, or the empty one where it belongs.
static uint32_t *find_slot(const struct roll *roll, uint64_t key)
{
    size_t mask = roll->room - 1;
    for (size_t i = (key * 0x9e3779b97f4a7c15) >> 32 & mask;; i = (i + 1) & mask)
        if (!roll->slot[i] || roll->item[roll->slot[i] - 1].key == key)
            return &roll->slot[i];
}

// Before any journal.
static int begin(struct roll *roll, int run_dir)
{
    CLEANUP_FREE struct dataset_line *line = NULL;
    if (datasets_lines(run_dir, &line, &roll->count) < 0)
        return -1;
    roll->room = roll_room(roll->count);
    roll->slot = mem_zero(roll->room, sizeof *roll->slot);
    roll->item = mem_alloc(roll->count * sizeof *roll->item);
    for (size_t i = 0; i < roll->count; i++) {
        roll->item[i] =
            (struct roll_item){.key = line[i].key, .line = line[i].at, .journal = ROLL_NONE};
        uint32_t *slot = find_slot(roll, line[i].key);
        if (*slot) // two with one key: made up
            return -1;
        *slot = (uint32_t)i + 1;
    }
    roll->in_state[OUTCOME_WAITING] = roll->count;
    return 0;
}

// A number in decimal of at most `digits`, without leading zeros; *at is behind it.
static int take_number(const char **at, const char *end, int digits, uint64_t *ret)
{
    const char *from = *at;
    uint64_t number = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && *at - from < digits; ++*at)
        number = number * 10 + (uint64_t)(**at - '0');
    *ret = number;
    return *at > from && *from != '0' ? 0 : -1;
}

static int take_word(const char **at, const char *end, const char *word, size_t size)
{
    if ((size_t)(end - *at) < size || memcmp(*at, word, size) != 0)
        return -1;
    *at += size;
    return 0;
}
#define TAKE_WORD(at, end, word) take_word(at, end, word, sizeof(word) - 1)

// Of 15 digits or less, or of 16 of which the first is 1 to 3: so far below what is cut.
static int take_time(const char **at, const char *end, int64_t *ret)
{
    const char *from = *at;
    uint64_t number;
    if (take_number(at, end, 16, &number) < 0 || (*at - from == 16 && *from > '3'))
        return -1;
    *ret = (int64_t)number;
    return 0;
}

// A start, or an end that says done, as record_format writes them; -1 for any other line.
static int take_plain(const char *at, const char *end, struct record *ret)
{
    uint64_t attempt, slot;
    ret->kind = *at == 's' ? RECORD_START : RECORD_END;
    int other = ret->kind == RECORD_START ? TAKE_WORD(&at, end, "start key=")
                                          : TAKE_WORD(&at, end, "end key=");
    if (other < 0 || end - at < 16 || line_get_hex(at, 16, &ret->key) < 0)
        return -1;
    at += 16;
    if (TAKE_WORD(&at, end, " attempt=") < 0 || take_number(&at, end, 9, &attempt) < 0 ||
        TAKE_WORD(&at, end, " slot=") < 0 || take_number(&at, end, 9, &slot) < 0 ||
        TAKE_WORD(&at, end, " wall=") < 0 || take_time(&at, end, &ret->wall_us) < 0 ||
        TAKE_WORD(&at, end, " boot=") < 0 || take_time(&at, end, &ret->boot_us) < 0)
        return -1;
    ret->attempt = (uint32_t)attempt;
    ret->slot = (uint32_t)slot;
    ret->state = TASK_DONE;
    if (ret->kind == RECORD_START)
        return at == end ? 0 : -1;
    return TAKE_WORD(&at, end, " state=done") < 0 || (at < end && *at != ' ') ? -1 : 0;
}

static int64_t add_failure(struct roll *roll, const struct record *record)
{
    int64_t at = (int64_t)roll->failures.size;
    const int32_t code = record->code;
    str_add_bytes(&roll->failures, &code, sizeof code);
    str_add_bytes(&roll->failures, record->cause, strlen(record->cause) + 1);
    str_add_bytes(&roll->failures, record->detail, strlen(record->detail) + 1);
    return at;
}

struct roll_failure roll_failure(const struct roll *roll, const struct roll_item *item)
{
    const char *at = roll->failures.text + item->more;
    struct roll_failure failure = {.cause = at + sizeof failure.code};
    memcpy(&failure.code, at, sizeof failure.code);
    failure.detail = failure.cause + strlen(failure.cause) + 1;
    return failure;
}

static struct place place_now(const struct roll *roll, const struct roll_item *item)
{
    struct place place = {.attempt = item->attempt, .ended = item->ended};
    if (item->journal != ROLL_NONE) {
        place.restart = roll->journal[item->journal].segment.restart;
        place.parcel = roll->journal[item->journal].segment.parcel;
    }
    return place;
}

// NULL if it is none of ours.
static struct roll_item *find(struct roll *roll, const struct record *record)
{
    int begins = record->kind == RECORD_START;
    uint32_t *lane = &roll->lane[record->slot % COUNT(roll->lane)];
    uint32_t index = begins ? roll->next : *lane;
    if (index >= roll->count || roll->item[index].key != record->key)
        index = *find_slot(roll, record->key) - 1;
    if (index >= roll->count)
        return NULL;
    if (begins) {
        *lane = index;
        roll->next = index + 1;
    }
    return &roll->item[index];
}

// As state_take.
static void take_outcome(struct roll *roll, uint32_t journal, const struct record *record)
{
    const struct segment *segment = &roll->journal[journal].segment;
    struct roll_item *item = find(roll, record);
    if (!item)
        return;
    const struct place later = place_of(record, segment->parcel, segment->restart);
    const struct place before = place_now(roll, item);
    if (!place_stands(&later, &before))
        return;
    roll->in_state[item->state]--;
    item->attempt = record->attempt;
    item->slot = record->slot;
    item->journal = journal;
    item->ended = (uint8_t)place_end(record);
    item->state = item->ended ? outcome_of(record->state) : OUTCOME_BEGUN;
    item->more = item->state == OUTCOME_BEGUN    ? record->wall_us
                 : item->state == OUTCOME_FAILED ? add_failure(roll, record)
                                                 : 0;
    roll->in_state[item->state]++;
}

static void take_record(struct roll *roll, uint32_t journal, const struct record *record)
{
    struct roll_journal *from = &roll->journal[journal];
    struct segment *segment = &from->segment;
    if (!from->records++)
        segment->start_us = record->wall_us;
    segment_take(segment, record);
    if (record->kind == RECORD_START || record->kind == RECORD_END)
        take_outcome(roll, journal, record);
}

// A line without its newline. Returns 0, or -1 if it is damaged.
static int take_line(struct roll *roll, uint32_t journal, const char *line, size_t size,
                     struct str *scratch)
{
    struct record record;
    int64_t body = line_check(line, size);
    if (body < 0)
        return size ? -1 : 0;
    if (take_plain(line, line + body, &record) == 0) {
        take_record(roll, journal, &record);
        return 0;
    }
    int result = record_parse(line, size, &record, scratch);
    if (result == 0)
        take_record(roll, journal, &record);
    return result < 0 ? -1 : 0;
}

// Takes the lines of a block that begins at the journal's place, and moves that on. Returns 0,
// or -1.
static int take_block(struct roll *roll, uint32_t journal, const char *block, size_t size,
                      struct str *scratch)
{
    struct roll_journal *from = &roll->journal[journal];
    const char *line = block, *end = block + size, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
        size_t length = (size_t)(newline + 1 - line);
        int first = from->at == 0;
        if (first ? length != strlen(FIRST_LINE) || memcmp(line, FIRST_LINE, length) != 0
                  : take_line(roll, journal, line, length - 1, scratch) < 0)
            return -1;
        from->at += (int64_t)length;
        line = newline + 1;
    }
    return 0;
}

// What stands behind the last newline: a line in the writing, or one that is whole but for
// that. It is read again with what will be behind it, which changes nothing.
static void take_rest(struct roll *roll, uint32_t journal, const char *rest, size_t size,
                      struct str *scratch)
{
    if (size && roll->journal[journal].at && take_line(roll, journal, rest, size, scratch) == 0)
        roll->loose = 1;
}

static int read_journal(struct roll *roll, uint32_t journal, int fd, char *block,
                        struct str *scratch)
{
    struct roll_journal *from = &roll->journal[journal];
    for (size_t room = MOSTLY;;) {
        int64_t before = from->at;
        ssize_t got = pread(fd, block, room, before);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || take_block(roll, journal, block, (size_t)got, scratch) < 0)
            return -1;
        size_t used = (size_t)(from->at - before);
        roll->new_bytes += (int64_t)used;
        if (used)
            continue;
        if ((size_t)got == ROOM)
            return -1; // no line is so long
        if ((size_t)got == room) {
            room = ROOM;
            continue;
        }
        take_rest(roll, journal, block, (size_t)got, scratch);
        return 0;
    }
}

static int is_of(const struct roll_journal *journal, const struct journal_name *name)
{
    return journal->segment.parcel == name->parcel && journal->segment.restart == name->restart;
}

// The place of the journal that is the `nth` in the order of reading: mostly that.
static uint32_t journal_of(struct roll *roll, const struct journal_name *name, size_t nth,
                           uint64_t inode)
{
    if (nth < roll->journals && is_of(&roll->journal[nth], name))
        return (uint32_t)nth;
    for (size_t i = 0; i < roll->journals; i++)
        if (is_of(&roll->journal[i], name))
            return (uint32_t)i;
    mem_room(&roll->journal, &roll->journal_room, roll->journals + 1, sizeof *roll->journal);
    roll->journal[roll->journals] = (struct roll_journal){
        .inode = inode, .segment = {.parcel = name->parcel, .restart = name->restart}};
    return (uint32_t)roll->journals++;
}

static int read_journals(struct roll *roll, int run_dir)
{
    CLEANUP_FREE struct journal_name *list = NULL;
    CLEANUP_FREE char *block = mem_alloc(ROOM);
    CLEANUP_STR struct str scratch = {0};
    ssize_t count = journal_list(run_dir, &list);
    for (ssize_t i = 0; i < count; i++) {
        char name[64];
        struct stat st;
        snprintf(name, sizeof name, "journal.%u-%u", list[i].parcel, list[i].restart);
        CLEANUP_CLOSE int fd = openat(run_dir, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
            return -1;
        uint32_t journal = journal_of(roll, &list[i], (size_t)i, st.st_ino);
        if (read_journal(roll, journal, fd, block, &scratch) < 0)
            return -1;
    }
    return count < 0 ? -1 : 0;
}

int roll_read(struct roll *ret, int run_dir)
{
    CLEANUP_STR struct str source = {0};
    int64_t bytes;
    if (digest_source(run_dir, "datasets", &source, &bytes) < 0)
        return -1;
    roll_load(ret, run_dir, &source);
    if ((!ret->item && begin(ret, run_dir) < 0) || read_journals(ret, run_dir) < 0)
        return -1;
    if (ret->new_bytes >= SAVE_BYTES && !ret->loose)
        roll_save(ret, run_dir, &source);
    return 0;
}
