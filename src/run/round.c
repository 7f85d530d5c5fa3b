// SPDX-License-Identifier: Apache-2.0
// round: a line a chunk, so that damage is found; numbers of datasets that follow each other are a range.
#include "run/round.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/line.h"
#include "base/mem.h"
#include "base/str.h"

#define FIRST_LINE "lopin-round 1\n"
enum { NAME_SIZE = 32, MOST_BYTES = 1 << 30 };

static void name_of(unsigned number, char ret[NAME_SIZE])
{
    snprintf(ret, NAME_SIZE, "round.%u", number);
}

int round_is_over(int run_dir, unsigned number)
{
    char name[NAME_SIZE];
    name_of(number + 1, name);
    return faccessat(run_dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

unsigned round_last(int run_dir)
{
    unsigned number = 0;
    while (round_is_over(run_dir, number))
        number++;
    return number;
}

static void add_chunk(const struct round *round, const struct datasets *datasets,
                      const struct chunk *chunk, struct str *into)
{
    const uint32_t *order = round->order + chunk->first;
    size_t from = into->size;
    str_add(into, "chunk ");
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t number = datasets->item[order[i]].number;
        uint32_t last = i;
        while (last + 1 < chunk->count &&
               datasets->item[order[last + 1]].number == number + (last + 1 - i))
            last++;
        if (i)
            str_add_char(into, ',');
        line_add_number(into, number);
        if (last > i) {
            str_add_char(into, '-');
            line_add_number(into, datasets->item[order[last]].number);
        }
        i = last;
    }
    line_end(into, from);
}

static void format(const struct round *round, const struct datasets *datasets, struct str *into)
{
    str_add(into, FIRST_LINE);
    size_t from = into->size;
    str_print(into, "about count=%zu chunks=%zu done=%zu failed=%zu", round->count,
              round->chunks, round->done, round->failed);
    line_end(into, from);
    for (size_t i = 0; i < round->chunks; i++)
        add_chunk(round, datasets, &round->chunk[i], into);
}

// What link(2) returns is not trusted (NFS may repeat it): the number of links is.
static int link_it(int run_dir, const char *ours, const char *name, struct err *err)
{
    struct stat st;
    int linked = linkat(run_dir, ours, run_dir, name, 0);
    int errnum = errno;
    if (fstatat(run_dir, ours, &st, 0) == 0 && st.st_nlink == 2)
        return 0;
    if (linked < 0 && errnum != EEXIST)
        return err_errno(err, ERR_SYSTEM, errnum, _("cannot make '%s'"), name);
    err_set(err, ERR_RUN_BUSY, _("this run is being continued by another"));
    return err_hint(err, "try", "lopin status");
}

int round_save(const struct round *round, const struct datasets *datasets, int run_dir,
               struct err *err)
{
    char name[NAME_SIZE], ours[2 * NAME_SIZE];
    CLEANUP_STR struct str text = {0};
    name_of(round->number, name);
    snprintf(ours, sizeof ours, ".%s.%ld", name, (long)getpid());
    format(round, datasets, &text);
    if (fs_replace(run_dir, ours, text.text, text.size, 0600, 1, err) < 0)
        return -1;
    int made = link_it(run_dir, ours, name, err);
    unlinkat(run_dir, ours, 0);
    return made;
}

struct reader {
    struct round *round;
    const struct datasets *datasets;
    uint8_t *seen; // by index: no dataset stands in two places
    size_t total;  // of datasets, as the second line says
};

static int take_range(struct reader *reader, int64_t first, int64_t last)
{
    struct round *round = reader->round;
    size_t index = datasets_from(reader->datasets, first);
    for (int64_t number = first; number <= last; number++, index++) {
        if (index >= reader->datasets->count || round->count >= reader->total ||
            reader->datasets->item[index].number != number || reader->seen[index])
            return -1;
        reader->seen[index] = 1;
        round->order[round->count++] = (uint32_t)index;
    }
    return first <= last ? 0 : -1;
}

// "1,5-9"
static int take_chunk(struct reader *reader, const char *text, size_t size)
{
    struct round *round = reader->round;
    struct chunk chunk = {.first = (uint32_t)round->count};
    const char *end = text + size;
    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;
        const char *dash = memchr(text, '-', (size_t)(stop - text));
        int64_t first, last;
        if (line_get_number(text, (size_t)((dash ? dash : stop) - text), &first) < 0)
            return -1;
        last = first;
        if (dash && line_get_number(dash + 1, (size_t)(stop - dash - 1), &last) < 0)
            return -1;
        if (take_range(reader, first, last) < 0)
            return -1;
        text = comma ? comma + 1 : end;
    }
    chunk.count = (uint32_t)(round->count - chunk.first);
    round->chunk[round->chunks++] = chunk;
    return chunk.count ? 0 : -1;
}

static int read_about(const char *line, struct round *round, size_t *ret_count,
                      size_t *ret_chunks)
{
    return sscanf(line, "about count=%zu chunks=%zu done=%zu failed=%zu ", ret_count,
                  ret_chunks, &round->done, &round->failed) == 4
               ? 0
               : -1;
}

static int take_about(struct reader *reader, const char *line, size_t *ret_chunks)
{
    struct round *round = reader->round;
    size_t most = reader->datasets->count;
    if (read_about(line, round, &reader->total, ret_chunks) < 0 || reader->total > most ||
        *ret_chunks > reader->total)
        return -1;
    round->order = mem_alloc((reader->total + 1) * sizeof *round->order);
    round->chunk = mem_alloc((*ret_chunks + 1) * sizeof *round->chunk);
    return 0;
}

// Returns 0, or the number of the line that is wrong.
static size_t parse(struct reader *reader, char *text)
{
    size_t chunks = 0, line = 2;
    char *next;
    for (char *at = text; *at; at = next, line++) {
        next = strchr(at, '\n');
        if (!next)
            return line;
        *next++ = '\0';
        int64_t size = line_check(at, strlen(at));
        if (size < 0 || (line == 2 && take_about(reader, at, &chunks) < 0))
            return line;
        if (line == 2)
            continue;
        const size_t word = strlen("chunk ");
        if (reader->round->chunks == chunks || !str_starts(at, "chunk ") ||
            take_chunk(reader, at + word, (size_t)size - word) < 0)
            return line;
    }
    return line > 2 && reader->round->chunks == chunks && reader->round->count == reader->total
               ? 0
               : line;
}

int round_load(struct round *ret, unsigned number, const struct datasets *datasets, int run_dir,
               struct err *err)
{
    char name[NAME_SIZE];
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE uint8_t *seen = mem_zero(datasets->count + 1, 1);
    struct reader reader = {.round = ret, .datasets = datasets, .seen = seen};
    name_of(number, name);
    ret->number = number;
    if (fs_read(run_dir, name, MOST_BYTES, &text, err) < 0)
        return -1;
    if (!str_starts(str_text(&text), FIRST_LINE))
        return err_set(err, ERR_RUN_FORMAT, _("'%s' is of another version of lopin"), name);
    size_t wrong = parse(&reader, text.text + strlen(FIRST_LINE));
    return wrong ? err_set(err, ERR_RUN_DAMAGED, _("'%s' is damaged in line %zu"), name, wrong)
                 : 0;
}

int round_head(struct round *ret, unsigned number, int run_dir)
{
    char name[NAME_SIZE], text[256];
    name_of(number, name);
    CLEANUP_CLOSE int fd = openat(run_dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (size < 0)
        return -1;
    text[size] = '\0';
    char *line = text + strlen(FIRST_LINE);
    char *end = str_starts(text, FIRST_LINE) ? strchr(line, '\n') : NULL;
    if (!end)
        return -1;
    *end = '\0';
    *ret = (struct round){.number = number};
    return line_check(line, strlen(line)) < 0 ||
                   read_about(line, ret, &ret->count, &ret->chunks) < 0
               ? -1
               : 0;
}

void round_free(struct round *round)
{
    free(round->order);
    free(round->chunk);
    *round = (struct round){0};
}
