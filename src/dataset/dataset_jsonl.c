// SPDX-License-Identifier: Apache-2.0
// dataset_jsonl: lists of datasets from .jsonl files: an object, a string or a number a line
// (jsonlines.org).
//
// jansson decides what is JSON and decodes strings. Numbers and nested values are taken from
// the line as they are written, since a number through a double comes back as another one; for
// that the line, known to be valid, is walked once more. Invariant: every line has the keys of
// the first one, in any order, else an error with file and line.
#include <jansson.h>
#include <string.h>

#include "base/lang.h"
#include "dataset/dataset_file.h"
#include "dataset/dataset_line.h"

static void json_free_at(json_t **value)
{
    json_decref(*value);
}

static int is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static const char *skip_space(const char *at)
{
    while (is_space(*at))
        at++;
    return at;
}

// `at` is the opening quote; returns what follows the closing one.
static const char *skip_string(const char *at)
{
    for (at++; *at != '"' && *at != '\0'; at++)
        if (at[0] == '\\' && at[1] != '\0')
            at++;
    return *at == '"' ? at + 1 : at;
}

// Returns what follows the value at `at`.
static const char *skip_value(const char *at)
{
    size_t depth = 0;

    while (*at != '\0') {
        if (*at == '"') {
            at = skip_string(at);
            if (depth == 0)
                return at;
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (depth == 0 && (*at == ',' || *at == '}' || *at == ']' || is_space(*at)))
            return at;
        else if ((*at == '}' || *at == ']') && --depth == 0)
            return at + 1;
        at++;
    }
    return at;
}

// Copies a value without the space between its parts; returns what follows its NUL.
static char *put_compact(char *put, const char *at, const char *end)
{
    while (at < end) {
        if (*at == '"') {
            const char *stop = skip_string(at);

            memcpy(put, at, (size_t)(stop - at));
            put += stop - at;
            at = stop;
        } else {
            if (!is_space(*at))
                *put++ = *at;
            at++;
        }
    }
    *put++ = '\0';
    return put;
}

// Copies a value as a cell; returns what follows its NUL.
static char *put_value(char *put, const json_t *value, const char *at, const char *end)
{
    if (json_is_string(value)) {
        size_t size = json_string_length(value);

        memcpy(put, json_string_value(value), size);
        put[size] = '\0';
        return put + size + 1;
    }
    return put_compact(put, at, end);
}

// The column of that name; `likely` is tried first. -1 if there is none.
static ssize_t column_find(const struct rows *rows, const char *name, size_t likely)
{
    if (likely < rows->columns && strcmp(rows->name[likely], name) == 0)
        return (ssize_t)likely;
    for (size_t i = 0; i < rows->columns; i++)
        if (strcmp(rows->name[i], name) == 0)
            return (ssize_t)i;
    return -1;
}

// The first line's keys become the columns.
static void rows_keys(struct rows *rows, struct arena *arena, json_t *object)
{
    size_t i = 0;

    rows->columns = json_object_size(object);
    rows->name = arena_alloc(arena, rows->columns * sizeof(*rows->name));
    for (void *at = json_object_iter(object); at != NULL;
         at = json_object_iter_next(object, at))
        rows->name[i++] = arena_dup(arena, json_object_iter_key(at));
}

static int key_missing(const struct rows *rows, const char **cell,
                       const struct line_reader *reader, struct err *err)
{
    for (size_t i = 0; i < rows->columns; i++)
        if (cell[i] == NULL)
            return err_set(err, ERR_USAGE, _("%s:%zu: no '%s', which the first line has"),
                           reader->file, reader->number, rows->name[i]);
    return 0;
}

// Adds the cells of an object. jansson keeps the order of keys and refused double ones: both
// walks go side by side.
static int row_object(struct rows *rows, struct arena *arena, const char *line, json_t *object,
                      const struct line_reader *reader, struct err *err)
{
    const char **cell;
    char *put = arena_alloc(arena, reader->size + json_object_size(object) + 1);
    size_t place = 0;

    if (rows->name == NULL && rows->count == 0)
        rows_keys(rows, arena, object);
    if (rows->name == NULL)
        return err_set(err, ERR_USAGE, _("%s:%zu: an object, where the first line has none"),
                       reader->file, reader->number);
    mem_room(&rows->cell, &rows->cell_room, rows->cells + rows->columns, sizeof(*rows->cell));
    cell = rows->cell + rows->cells;
    memset(cell, 0, rows->columns * sizeof(*cell));
    line = skip_space(line);
    for (void *at = json_object_iter(object); at != NULL;
         at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        ssize_t column = column_find(rows, key, place++);
        const char *value = skip_space(skip_string(skip_space(line + 1))); // behind '{' or ','

        if (column < 0)
            return err_set(err, ERR_USAGE,
                           _("%s:%zu: '%s', which the first line does not have"), reader->file,
                           reader->number, key);
        value = skip_space(value + 1); // behind ':'
        line = skip_value(value);
        cell[column] = put;
        put = put_value(put, json_object_iter_value(at), value, line);
        line = skip_space(line);
    }
    rows->cells += rows->columns;
    return key_missing(rows, cell, reader, err);
}

static int row_scalar(struct rows *rows, struct arena *arena, const char *line,
                      const json_t *value, const struct line_reader *reader, struct err *err)
{
    char *cell = arena_alloc(arena, reader->size + 1);

    if (!json_is_string(value) && !json_is_number(value))
        return err_set(err, ERR_USAGE, _("%s:%zu: neither an object nor a string nor a number"),
                       reader->file, reader->number);
    if (rows->name != NULL)
        return err_set(err, ERR_USAGE, _("%s:%zu: no object, where the first line has one"),
                       reader->file, reader->number);
    rows->columns = 1;
    line = skip_space(line);
    put_value(cell, value, line, skip_value(line));
    mem_room(&rows->cell, &rows->cell_room, rows->cells + 1, sizeof(*rows->cell));
    rows->cell[rows->cells++] = cell;
    return 0;
}

static int row_json(struct rows *rows, struct arena *arena, char *line,
                    const struct line_reader *reader, struct err *err)
{
    const size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
    json_error_t why;
    CLEANUP(json_free_at) json_t *value = json_loadb(line, reader->size, flags, &why);
    int result;

    if (value == NULL)
        return err_set(err, ERR_USAGE, _("%s:%zu: not JSON: %s"), reader->file, reader->number,
                       why.text);
    if (json_is_object(value) && json_object_size(value) == 0)
        return err_set(err, ERR_USAGE, _("%s:%zu: an empty object"), reader->file,
                       reader->number);
    if (json_is_object(value))
        result = row_object(rows, arena, line, value, reader, err);
    else
        result = row_scalar(rows, arena, line, value, reader, err);
    if (result < 0)
        return -1;
    mem_room(&rows->line, &rows->line_room, rows->count + 1, sizeof(*rows->line));
    rows->line[rows->count++] = line;
    return 0;
}

int rows_jsonl(struct rows *rows, struct arena *arena, char *bytes, size_t size,
               const char *file, struct err *err)
{
    char *line;

    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    struct line_reader reader = {bytes, bytes + size, '\n', file, 0, 0};

    rows->json = 1;
    rows->columns = 1;
    while ((line = line_next(&reader)) != NULL) {
        while (is_space(*line)) {
            line++;
            reader.size--;
        }
        while (reader.size > 0 && is_space(line[reader.size - 1]))
            line[--reader.size] = '\0';
        if (reader.size > 0 && row_json(rows, arena, line, &reader, err) < 0)
            return -1;
    }
    return 0;
}
