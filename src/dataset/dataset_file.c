// SPDX-License-Identifier: Apache-2.0
// dataset_file: lists of datasets from text files: a line each, or columns with --colsep and
// --header.
//
// As GNU parallel's manual has --colsep and --header; cells in quotes as RFC 4180, where the
// separator is a comma. A file is read as a whole and cut up where it lies: 100,000 names cost
// no allocation each. Invariant: every row has as many cells as the first line, else an error
// with file and line.
#include "dataset/dataset_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/str.h"
#include "dataset/dataset_line.h"

static const size_t file_limit = (size_t)1 << 30; // a list; what is larger is a dataset itself

void rows_free(struct rows *rows)
{
    free(rows->cell);
    free(rows->line);
    *rows = (struct rows){0};
}

// Reads on to the end. Returns 0, or -1 with errno; EFBIG beyond the limit.
static int read_all(int fd, struct str *into)
{
    for (;;) {
        ssize_t got;

        mem_room(&into->text, &into->room, into->size + (64 << 10), 1);
        got = read(fd, into->text + into->size, into->room - into->size - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        into->size += (size_t)got;
        into->text[into->size] = '\0';
        if (got == 0)
            return 0;
        if (into->size > file_limit) {
            errno = EFBIG;
            return -1;
        }
    }
}

// The bytes of a file in the arena, followed by a NUL. NULL with err.
static char *file_bytes(struct arena *arena, const char *file, size_t *ret_size,
                        struct err *err)
{
    int input = strcmp(file, "-") == 0;
    CLEANUP_CLOSE int fd = input ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
    CLEANUP_STR struct str text = {0};
    struct stat about;

    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0 &&
        about.st_size < (off_t)file_limit)
        mem_room(&text.text, &text.room, (size_t)about.st_size + (65 << 10), 1);
    if (fd < 0 || read_all(fd, &text) < 0) {
        if (errno == EFBIG)
            err_set(err, ERR_NO_DATASET, _("'%s' is too large for a list of datasets"), file);
        else
            err_errno(err, ERR_NO_DATASET, errno, _("cannot read the list of datasets '%s'"),
                      file);
        return NULL;
    }
    *ret_size = text.size;
    return arena_dupn(arena, str_text(&text), text.size);
}

int rows_read(struct rows *rows, struct arena *arena, const char *file,
              const struct dataset_options *options, struct err *err)
{
    size_t size;
    char *bytes = file_bytes(arena, file, &size, err);

    if (bytes == NULL)
        return -1;
    if (strcmp(file, "-") == 0)
        return rows_text(rows, arena, bytes, size, _("input"), options, err);
    if (str_ends(file, ".jsonl"))
        return rows_jsonl(rows, arena, bytes, size, file, err);
    return rows_text(rows, arena, bytes, size, file, options, err);
}

// Splits one line into cells, in place.
struct splitter {
    const char *separator; // never ""
    size_t size;
    int quotes;
};

// A cell in quotes, its "" made one; *at is set behind it. NULL if it has no end or something
// follows it.
static char *cell_quoted(const struct splitter *splitter, char **at)
{
    char *cell = *at, *put = cell, *from = cell + 1;

    while (*from != '\0') {
        if (from[0] == '"' && from[1] != '"')
            break;
        from += from[0] == '"';
        *put++ = *from++;
    }
    if (*from != '"')
        return NULL;
    from++;
    *put = '\0';
    if (*from == '\0')
        *at = NULL;
    else if (strncmp(from, splitter->separator, splitter->size) == 0)
        *at = from + splitter->size;
    else
        return NULL;
    return cell;
}

// The cell at *at, which becomes the next one's place, or NULL after the last.
static char *cell_next(const struct splitter *splitter, char **at)
{
    char *cell = *at, *stop;

    if (splitter->quotes && *cell == '"')
        return cell_quoted(splitter, at);
    stop = strstr(cell, splitter->separator);
    *at = stop != NULL ? stop + splitter->size : NULL;
    if (stop != NULL)
        *stop = '\0';
    return cell;
}

static void rows_cell(struct rows *rows, const char *cell)
{
    mem_room(&rows->cell, &rows->cell_room, rows->cells + 1, sizeof(*rows->cell));
    rows->cell[rows->cells++] = cell;
}

// Adds the cells of a line. Returns their number, or -1 with err.
static int64_t row_split(struct rows *rows, const struct splitter *splitter,
                         const struct line_reader *reader, char *line, struct err *err)
{
    size_t before = rows->cells;

    while (line != NULL) {
        char *cell = cell_next(splitter, &line);

        if (cell == NULL)
            return err_set(err, ERR_USAGE,
                           _("%s:%zu: a quoted cell that does not end at a separator"),
                           reader->file, reader->number);
        rows_cell(rows, cell);
    }
    return (int64_t)(rows->cells - before);
}

// Takes the cells of the header line as names.
static int rows_names(struct rows *rows, struct arena *arena, const struct line_reader *reader,
                      struct err *err)
{
    rows->name = arena_alloc(arena, rows->cells * sizeof(*rows->name));
    for (size_t i = 0; i < rows->cells; i++) {
        const char *name = rows->cell[i] + strspn(rows->cell[i], " \t");
        size_t size = strlen(name);

        while (size > 0 && (name[size - 1] == ' ' || name[size - 1] == '\t'))
            size--;
        rows->name[i] = arena_dupn(arena, name, size);
        for (size_t j = 0; j < i; j++)
            if (size > 0 && strcmp(rows->name[j], rows->name[i]) == 0)
                return err_set(err, ERR_USAGE, _("%s:%zu: two columns are named '%s'"),
                               reader->file, reader->number, rows->name[i]);
    }
    rows->columns = rows->cells;
    rows->cells = 0;
    return 0;
}

// Lines with columns. `header` is the first line, already read, or NULL.
static int rows_columns(struct rows *rows, struct arena *arena, const struct splitter *splitter,
                        struct line_reader *reader, char *header, struct err *err)
{
    char *line;

    if (header != NULL) {
        if (row_split(rows, splitter, reader, header, err) < 0)
            return -1;
        if (rows_names(rows, arena, reader, err) < 0)
            return -1;
    }
    while ((line = line_next(reader)) != NULL) {
        int64_t cells = row_split(rows, splitter, reader, line, err);

        if (cells < 0)
            return -1;
        if (rows->columns == 0)
            rows->columns = (size_t)cells;
        if ((size_t)cells != rows->columns)
            return err_set(err, ERR_USAGE,
                           _("%s:%zu: %zu columns where the first line has %zu"), reader->file,
                           reader->number, (size_t)cells, rows->columns);
        rows->count++;
    }
    return 0;
}

// A NUL in a file of lines would end a name early, without a word.
static int check_nul(const char *bytes, size_t size, const char *file, struct err *err)
{
    const char *nul = memchr(bytes, '\0', size);
    size_t line = 1;

    if (nul == NULL)
        return 0;
    for (const char *at = bytes; at < nul; at++)
        line += *at == '\n';
    err_set(err, ERR_USAGE, _("%s:%zu: a NUL byte in a list of lines"), file, line);
    return err_hint(err, "try", _("-0 if the names end with NUL, as those of find -print0"));
}

int rows_text(struct rows *rows, struct arena *arena, char *bytes, size_t size,
              const char *file, const struct dataset_options *options, struct err *err)
{
    const char *colsep = options->colsep;
    char *header = NULL, *line;

    if (!options->null && check_nul(bytes, size, file, err) < 0)
        return -1;
    if (!options->null && size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    struct line_reader reader = {bytes, bytes + size, options->null ? '\0' : '\n', file, 0, 0};

    if (options->header)
        header = line_next(&reader);
    if (colsep == NULL && header != NULL)
        colsep = strchr(header, ',') != NULL && strchr(header, '\t') == NULL ? "," : "\t";
    if (colsep != NULL) {
        if (strcmp(colsep, "\\t") == 0)
            colsep = "\t";
        const struct splitter splitter = {colsep, strlen(colsep), strcmp(colsep, ",") == 0};

        return rows_columns(rows, arena, &splitter, &reader, header, err);
    }
    rows->columns = 1;
    while ((line = line_next(&reader)) != NULL) {
        rows_cell(rows, line);
        rows->count++;
    }
    return 0;
}
