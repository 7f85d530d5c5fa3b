// SPDX-License-Identifier: Apache-2.0
// journal: the writer of one journal.P-R and the reader of all of a run (docs/formats.md,
// "journal.P-R").
//
// The writer keeps each line until it is on the disk, and writes it at the same place as often as
// it takes: what a full disk cut off becomes whole by the next flush. The reader trusts nothing
// but the checksum of each line. Invariant: a record that journal_write returned 0 for is read
// back, whatever happened to the lines around it.
#include "run/journal.h"

#include <dirent.h>
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

#define FIRST_LINE    "lopin-journal 1\n"
#define NAME_MAX_OURS 40             // "journal." and two numbers
enum { LINE_MAX_SIZE = 256 * 1024 }; // longer ones are damage: the reader's memory is bounded

struct journal {
    int fd;
    off_t base;      // bytes of the file that are on the disk; held begins behind them
    struct str held; // lines
    size_t written;  // of held
    off_t reserved;  // of the file, RESERVED_NEVER: it cannot be asked for
    char name[NAME_MAX_OURS];
};
#define RESERVED_NEVER ((off_t)INT64_MAX)
#define RESERVED_STEP  16384

struct journal *journal_new(int run_dir, unsigned parcel, unsigned restart, struct err *err)
{
    struct journal *journal = mem_zero(1, sizeof(*journal));
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

    snprintf(journal->name, sizeof(journal->name), "journal.%u-%u", parcel, restart);
    journal->fd = openat(run_dir, journal->name, flags, 0600);
    if (journal->fd < 0) {
        err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), journal->name);
        journal_free(journal);
        return NULL;
    }
    str_add(&journal->held, FIRST_LINE);
    if (journal_flush(journal, err) < 0) {
        unlinkat(run_dir, journal->name, 0);
        journal_free(journal);
        return NULL;
    }
    return journal;
}

int journal_hold(struct journal *journal, const struct record *record, struct err *err)
{
    size_t from = journal->held.size;

    record_format(record, &journal->held);
    size_t size = journal->held.size - from;
    if (size <= LINE_MAX_SIZE)
        return 0;
    journal->held.size = from;
    journal->held.text[from] = '\0';
    return err_set(err, ERR_SYSTEM, _("a record of %zu bytes is too long for '%s'"), size,
                   journal->name);
}

int journal_flush(struct journal *journal, struct err *err)
{
    while (journal->written < journal->held.size) {
        ssize_t got = pwrite(journal->fd, journal->held.text + journal->written,
                             journal->held.size - journal->written,
                             journal->base + (off_t)journal->written);

        if (got < 0 && errno != EINTR)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), journal->name);
        journal->written += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

int journal_write(struct journal *journal, const struct record *record, struct err *err)
{
    return journal_hold(journal, record, err) < 0 ? -1 : journal_flush(journal, err);
}

size_t journal_waiting(const struct journal *journal)
{
    size_t lines = 0;

    for (size_t i = journal->written; i < journal->held.size; i++)
        lines += journal->held.text[i] == '\n';
    return lines;
}

size_t journal_written(const struct journal *journal)
{
    return journal->written;
}

void journal_synced(struct journal *journal, size_t written)
{
    struct str *held = &journal->held;

    memmove(held->text, held->text + written, held->size - written + 1);
    held->size -= written;
    journal->written -= written;
    journal->base += (off_t)written;
}

void journal_unsynced(struct journal *journal)
{
    journal->written = 0;
}

int journal_reserve(struct journal *journal, size_t bytes, struct err *err)
{
    off_t wanted = journal->base + (off_t)(journal->held.size + bytes);

    if (wanted <= journal->reserved)
        return 0;
    wanted = (wanted + RESERVED_STEP - 1) / RESERVED_STEP * RESERVED_STEP;
    if (fallocate(journal->fd, FALLOC_FL_KEEP_SIZE, 0, wanted) == 0)
        journal->reserved = wanted;
    else if (errno == ENOSPC || errno == EDQUOT)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), journal->name);
    else if (errno != EINTR)
        journal->reserved = RESERVED_NEVER;
    return 0;
}

int journal_fd(const struct journal *journal)
{
    return journal->fd;
}

// Best effort: a torn line is no damage, and room that was asked for is little.
static void cut_off(struct journal *journal)
{
    size_t whole = journal->written;

    while (whole > 0 && journal->held.text[whole - 1] != '\n')
        whole--;
    off_t size = journal->base + (off_t)whole;
    int torn = whole < journal->written;
    int roomy = journal->reserved > size && journal->reserved != RESERVED_NEVER;

    if (roomy) // of a file on tmpfs; other systems do it when the size is set
        fallocate(journal->fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, size,
                  journal->reserved - size);
    if ((torn || roomy) && ftruncate(journal->fd, size) < 0)
        return;
}

void journal_free(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->fd >= 0) {
        cut_off(journal);
        close(journal->fd);
    }
    str_free(&journal->held);
    free(journal);
}

// One file while it is read.
struct reader {
    int (*each)(void *context, const struct record *record, unsigned parcel, unsigned restart);
    void *context;
    struct journal_name file;
    char name[NAME_MAX_OURS];
    size_t line; // number of the current one
    struct str scratch;
    struct journal_damage *damage;
};

static void reader_damage(struct reader *reader)
{
    if (reader->damage->lines++ > 0)
        return;
    snprintf(reader->damage->first, sizeof(reader->damage->first), "%s", reader->name);
    reader->damage->first_line = reader->line;
}

// The first line: our name and version. A damaged one is damage like any other, since every
// line stands alone.
static int reader_first(struct reader *reader, const char *line, size_t size, struct err *err)
{
    const size_t word = strlen("lopin-journal ");
    char version[24] = "";
    unsigned long number;

    if (size <= word || size - word >= sizeof(version) || memcmp(line, FIRST_LINE, word) != 0) {
        reader_damage(reader);
        return 0;
    }
    memcpy(version, line + word, size - word);
    if (str_number(version, 1000000, &number) < 0)
        reader_damage(reader);
    else if (number != 1)
        return err_set(err, ERR_RUN_FORMAT, _("'%s' has format %lu, this lopin reads format 1"),
                       reader->name, number);
    return 0;
}

// One line without its newline; `ended` if it had one. Returns what `each` returned, or -1 with
// err.
static int reader_line(struct reader *reader, const char *line, size_t size, int ended,
                       struct err *err)
{
    struct record record;
    int result;

    reader->line++;
    if (reader->line == 1 && ended)
        return reader_first(reader, line, size, err);
    if (size == 0 && ended) // what the writer puts behind a piece that it could not take back
        return 0;
    result = record_parse(line, size, &record, &reader->scratch);
    if (result == 0)
        return reader->each(reader->context, &record, reader->file.parcel,
                            reader->file.restart);
    if (result < 0 && ended)
        reader_damage(reader);
    else if (result < 0)
        reader->damage->torn++;
    return 0;
}

// Where the reader stands in a file: bytes [from, end) of buffer are not used yet.
struct window {
    char *buffer;
    size_t from, end;
    int skip; // in a line too long: on to its newline
};

// Takes all whole lines out of the window. Returns 0, or what reader_line returned.
static int window_lines(struct window *window, struct reader *reader, struct err *err)
{
    const char *newline;

    while ((newline = memchr(window->buffer + window->from, '\n',
                             window->end - window->from)) != NULL) {
        const char *line = window->buffer + window->from;
        size_t size = (size_t)(newline - line);
        int result = 0;

        window->from += size + 1;
        if (window->skip)
            window->skip = 0;
        else
            result = reader_line(reader, line, size, 1, err);
        if (result != 0)
            return result;
    }
    if (window->skip) {
        window->from = window->end;
    } else if (window->end - window->from > LINE_MAX_SIZE) {
        window->skip = 1;
        window->from = window->end;
        reader->line++;
        reader_damage(reader);
    }
    memmove(window->buffer, window->buffer + window->from, window->end - window->from);
    window->end -= window->from;
    window->from = 0;
    return 0;
}

static int reader_file(struct reader *reader, int fd, struct err *err)
{
    const size_t room = (size_t)2 * LINE_MAX_SIZE;
    CLEANUP_FREE char *buffer = mem_alloc(room);
    struct window window = {.buffer = buffer};

    for (;;) {
        ssize_t got = read(fd, buffer + window.end, room - window.end);
        int result;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), reader->name);
        if (got == 0)
            break;
        window.end += (size_t)got;
        result = window_lines(&window, reader, err);
        if (result != 0)
            return result;
    }
    if (window.end > 0)
        return reader_line(reader, buffer, window.end, 0, err);
    return 0;
}

int journal_read_fd(int fd, unsigned parcel, unsigned restart, journal_each *each,
                    void *context, struct journal_damage *damage, struct err *err)
{
    struct reader reader = {
        .each = each, .context = context, .file = {parcel, restart}, .damage = damage};
    int result;

    snprintf(reader.name, sizeof(reader.name), "journal.%u-%u", parcel, restart);
    result = reader_file(&reader, fd, err);
    str_free(&reader.scratch);
    return result;
}

// A number of 32 bits as we write it, up to `stop`.
static int name_number(const char *text, const char *stop, unsigned *ret)
{
    size_t size = (size_t)(stop - text);
    int64_t number;

    if (text[0] == '-' || (text[0] == '0' && size > 1) ||
        line_get_number(text, size, &number) < 0 || number > UINT32_MAX)
        return -1;
    *ret = (unsigned)number;
    return 0;
}

// "journal.P-R"
static int name_parse(const char *name, struct journal_name *ret)
{
    const char *dash = strchr(name, '-');

    if (!str_starts(name, "journal.") || dash == NULL ||
        name_number(name + strlen("journal."), dash, &ret->parcel) < 0)
        return -1;
    return name_number(dash + 1, dash + strlen(dash), &ret->restart);
}

static int name_compare(const void *a, const void *b)
{
    const struct journal_name *left = a, *right = b;

    if (left->restart != right->restart)
        return left->restart < right->restart ? -1 : 1;
    return left->parcel < right->parcel ? -1 : left->parcel > right->parcel;
}

ssize_t journal_list(int run_dir, struct journal_name **ret)
{
    int fd = openat(run_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    size_t count = 0, room = 0;

    *ret = NULL;
    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        mem_room(ret, &room, count + 1, sizeof(**ret));
        if (name_parse(entry->d_name, *ret + count) == 0)
            count++;
    }
    closedir(dir);
    if (count > 0)
        qsort(*ret, count, sizeof(**ret), name_compare);
    return (ssize_t)count;
}

int journal_read(int run_dir, journal_each *each, void *context,
                 struct journal_damage *ret_damage, struct err *err)
{
    struct journal_damage nobody;
    struct journal_damage *damage = ret_damage != NULL ? ret_damage : &nobody;
    CLEANUP_FREE struct journal_name *list = NULL;
    ssize_t count = journal_list(run_dir, &list);

    *damage = (struct journal_damage){0};
    if (count < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read the run's folder"));
    for (ssize_t i = 0; i < count; i++) {
        char name[NAME_MAX_OURS];
        CLEANUP_CLOSE int fd = -1;
        int result;

        snprintf(name, sizeof(name), "journal.%u-%u", list[i].parcel, list[i].restart);
        fd = openat(run_dir, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), name);
        result =
            journal_read_fd(fd, list[i].parcel, list[i].restart, each, context, damage, err);
        if (result != 0)
            return result;
    }
    return 0;
}

unsigned journal_next_restart(int run_dir, unsigned parcel)
{
    CLEANUP_FREE struct journal_name *list = NULL;
    ssize_t count = journal_list(run_dir, &list);

    (void)parcel;
    if (count > 0 && list[count - 1].restart == UINT32_MAX)
        return UINT32_MAX; // which is there: no journal can be made
    return count > 0 ? list[count - 1].restart + 1 : 0;
}
