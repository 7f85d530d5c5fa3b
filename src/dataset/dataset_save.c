// SPDX-License-Identifier: Apache-2.0
// dataset_save: the run folder's `datasets` file (docs/formats.md, "datasets").
//
// Fixed at the start of a run and never changed; journals speak of datasets by key, this file
// says what the keys are. It is read as a whole and decoded where it lies: 100,000 lines in
// some 30 ms. Invariant: a file is taken whole or not at all, since a dataset that is silently
// missing would never be run.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/line.h"
#include "dataset/dataset_file.h"
#include "dataset/datasets.h"

#define FILE_NAME  "datasets"
#define FIRST_LINE "lopin-datasets 1\n"
static const size_t file_limit = (size_t)64 << 30;

static void about_add(const struct datasets *datasets, struct str *into)
{
    size_t from = into->size;

    str_add(into, "about columns=");
    line_add_number(into, (int64_t)datasets->columns);
    str_add(into, " json=");
    line_add_number(into, datasets->json);
    str_add(into, " count=");
    line_add_number(into, (int64_t)datasets->count);
    if (datasets->name != NULL) {
        str_add(into, " names=");
        for (size_t i = 0; i < datasets->columns; i++) {
            if (i > 0)
                str_add_char(into, ',');
            line_add_text(into, datasets->name[i]);
        }
    }
    line_end(into, from);
}

// A text that its columns, joined by tabs, do not give back is written too.
static int text_differs(const struct datasets *datasets, const struct dataset *item)
{
    const char *at = item->text;

    for (size_t i = 0; i < datasets->columns; i++) {
        size_t size = strlen(item->column[i]);

        if (i > 0 && *at++ != '\t')
            return 1;
        if (strncmp(at, item->column[i], size) != 0)
            return 1;
        at += size;
    }
    return *at != '\0';
}

static void item_add(const struct datasets *datasets, const struct dataset *item,
                     struct str *into)
{
    size_t from = into->size;

    line_add_number(into, item->number);
    str_add_char(into, ' ');
    line_add_hex(into, item->key);
    str_add_char(into, ' ');
    line_add_number(into, item->size);
    str_add_char(into, ' ');
    line_add_number(into, item->mtime);
    for (size_t i = 0; i < datasets->columns; i++) {
        str_add_char(into, ' ');
        line_add_text(into, item->column[i]);
    }
    if (text_differs(datasets, item)) {
        str_add_char(into, ' ');
        line_add_text(into, item->text);
    }
    line_end(into, from);
}

void datasets_format(const struct datasets *datasets, struct str *into)
{
    str_add(into, FIRST_LINE);
    about_add(datasets, into);
    for (size_t i = 0; i < datasets->count; i++)
        item_add(datasets, &datasets->item[i], into);
}

int datasets_save(const struct datasets *datasets, int run_dir, struct err *err)
{
    CLEANUP_STR struct str text = {0};

    datasets_format(datasets, &text);
    return fs_replace(run_dir, FILE_NAME, text.text, text.size, 0600, 1, err);
}

static int damaged(size_t line, struct err *err)
{
    return err_set(err, ERR_RUN_DAMAGED, _("'%s' of the run is damaged at line %zu"), FILE_NAME,
                   line);
}

// The fields of a line whose checksum is right, one after the other.
struct fields {
    char *at, *end; // at is NULL behind the last
};

// The next field, not NUL-terminated. NULL if there is none.
static char *field_next(struct fields *fields, size_t *ret_size)
{
    char *field = fields->at, *stop;

    if (field == NULL)
        return NULL;
    stop = memchr(field, ' ', (size_t)(fields->end - field));
    *ret_size = (size_t)((stop != NULL ? stop : fields->end) - field);
    fields->at = stop != NULL ? stop + 1 : NULL;
    return field;
}

static int field_number(struct fields *fields, const char *prefix, int64_t *ret)
{
    size_t size = 0, skip = strlen(prefix);
    const char *field = field_next(fields, &size);

    if (field == NULL || size < skip || memcmp(field, prefix, skip) != 0)
        return -1;
    return line_get_number(field + skip, size - skip, ret);
}

// Decodes a field in place: the byte behind it is the space or newline that ends it.
static char *field_text(char *field, size_t size)
{
    int64_t length = line_get_text(field, field, size);

    if (length < 0)
        return NULL;
    field[length] = '\0';
    return field;
}

static char *field_next_text(struct fields *fields)
{
    size_t size = 0;
    char *field = field_next(fields, &size);

    return field != NULL ? field_text(field, size) : NULL;
}

static int names_parse(struct datasets *ret, struct fields *fields)
{
    const size_t skip = strlen("names=");
    size_t size = 0;
    char *field = field_next(fields, &size), *end;

    if (field == NULL)
        return 0;
    if (size < skip || memcmp(field, "names=", skip) != 0)
        return -1;
    end = field + size;
    field += skip;
    ret->name = arena_alloc(&ret->arena, ret->columns * sizeof(*ret->name));
    for (size_t i = 0; i < ret->columns; i++) {
        char *stop = memchr(field, ',', (size_t)(end - field));

        if ((stop == NULL) != (i + 1 == ret->columns))
            return -1;
        stop = stop != NULL ? stop : end;
        ret->name[i] = field_text(field, (size_t)(stop - field));
        if (ret->name[i] == NULL)
            return -1;
        field = stop + 1;
    }
    return 0;
}

static int about_parse(struct datasets *ret, struct fields *fields, size_t size,
                       size_t *ret_count)
{
    size_t word = 0;
    const char *about = field_next(fields, &word);
    int64_t columns, json, count;

    if (word != strlen("about") || memcmp(about, "about", word) != 0)
        return -1;
    if (field_number(fields, "columns=", &columns) < 0 ||
        field_number(fields, "json=", &json) < 0 || field_number(fields, "count=", &count) < 0)
        return -1;
    // No line is shorter than its columns, no file than its lines: so no count makes us ask for
    // memory in vain.
    if (columns < 1 || (size_t)columns > size || count < 0 || count > DATASETS_MAX ||
        (size_t)count > size)
        return -1;
    ret->columns = (size_t)columns;
    ret->json = json != 0;
    *ret_count = (size_t)count;
    return names_parse(ret, fields);
}

static int item_parse(struct datasets *ret, struct fields *fields)
{
    struct dataset *item = &ret->item[ret->count];
    size_t size = 0;
    int64_t number;
    const char *key;

    if (field_number(fields, "", &number) < 0 || number < 1 || number > UINT32_MAX)
        return -1;
    item->number = (uint32_t)number;
    key = field_next(fields, &size);
    if (key == NULL || line_get_hex(key, size, &item->key) < 0)
        return -1;
    if (field_number(fields, "", &item->size) < 0 || field_number(fields, "", &item->mtime) < 0)
        return -1;
    for (size_t i = 0; i < ret->columns; i++) {
        item->column[i] = field_next_text(fields);
        if (item->column[i] == NULL)
            return -1;
    }
    item->text = ret->columns == 1 ? item->column[0] : NULL;
    if (fields->at != NULL)
        item->text = field_next_text(fields);
    else if (ret->columns > 1) {
        CLEANUP_STR struct str text = {0};

        for (size_t i = 0; i < ret->columns; i++) {
            if (i > 0)
                str_add_char(&text, '\t');
            str_add(&text, item->column[i]);
        }
        item->text = arena_dupn(&ret->arena, text.text, text.size);
    }
    return item->text == NULL || fields->at != NULL ? -1 : 0;
}

// The next line's fields; -1 if its end or checksum is not there.
static int line_fields(char **at, const char *end, struct fields *ret)
{
    char *newline = memchr(*at, '\n', (size_t)(end - *at));
    int64_t body;

    if (newline == NULL)
        return -1;
    body = line_check(*at, (size_t)(newline - *at));
    if (body < 0)
        return -1;
    *ret = (struct fields){*at, *at + body};
    *at = newline + 1;
    return 0;
}

static int first_parse(char **at, const char *end, struct err *err)
{
    const size_t word = strlen("lopin-datasets ");
    char *newline = memchr(*at, '\n', (size_t)(end - *at));
    size_t size = newline != NULL ? (size_t)(newline - *at) : 0;
    char version[24] = "";
    unsigned long number;

    if (size <= word || size - word >= sizeof(version) || memcmp(*at, FIRST_LINE, word) != 0)
        return damaged(1, err);
    memcpy(version, *at + word, size - word);
    if (str_number(version, 1000000, &number) < 0)
        return damaged(1, err);
    if (number != 1)
        return err_set(err, ERR_RUN_FORMAT, _("'%s' has format %lu, this lopin reads format 1"),
                       FILE_NAME, number);
    *at = newline + 1;
    return 0;
}

// The first two lines; *at is behind them.
static int head_parse(struct datasets *ret, char **at, const char *end, size_t size,
                      size_t *ret_count, struct err *err)
{
    struct fields fields;

    if (first_parse(at, end, err) < 0)
        return -1;
    if (line_fields(at, end, &fields) < 0 || about_parse(ret, &fields, size, ret_count) < 0)
        return damaged(2, err);
    return 0;
}

int datasets_parse(struct datasets *ret, char *bytes, size_t size, struct err *err)
{
    const char *end = bytes + size;
    const char **column;
    struct fields fields;
    size_t count = 0, cells;

    if (head_parse(ret, &bytes, end, size, &count, err) < 0)
        return -1;
    if (__builtin_mul_overflow(count, ret->columns, &cells) || cells > size)
        return damaged(2, err);
    mem_room(&ret->item, &ret->room, count, sizeof(*ret->item));
    column = arena_alloc(&ret->arena, cells * sizeof(*column));
    while (ret->count < count) {
        ret->item[ret->count].column = column;
        if (line_fields(&bytes, end, &fields) < 0 || item_parse(ret, &fields) < 0)
            return damaged(ret->count + 3, err);
        column += ret->columns;
        ret->count++;
    }
    if (bytes != end)
        return damaged(count + 3, err);
    return 0;
}

static int file_read(int run_dir, struct str *into, struct err *err)
{
    if (fs_read(run_dir, FILE_NAME, file_limit, into, err) == 0)
        return 0;
    if (err != NULL && errno == ENOENT)
        err->code = ERR_RUN_DAMAGED;
    return -1;
}

int datasets_load(struct datasets *ret, int run_dir, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    char *bytes;

    *ret = (struct datasets){0};
    if (file_read(run_dir, &text, err) < 0)
        return -1;
    bytes = arena_dupn(&ret->arena, str_text(&text), text.size);
    return datasets_parse(ret, bytes, text.size, err);
}

int datasets_lines(int run_dir, struct dataset_line **ret, size_t *ret_count)
{
    CLEANUP_STR struct str text = {0};
    struct datasets none CLEANUP(datasets_free) = {0};
    size_t count;

    *ret = NULL;
    if (file_read(run_dir, &text, NULL) < 0)
        return -1;
    char *at = text.text, *end = at + text.size;
    if (head_parse(&none, &at, end, text.size, &count, NULL) < 0)
        return -1;
    CLEANUP_FREE struct dataset_line *line = mem_alloc(count * sizeof(*line));
    for (size_t i = 0; i < count; i++) {
        struct fields fields;
        size_t size = 0;
        char *from = at, *key = NULL;

        if (line_fields(&at, end, &fields) == 0 && field_next(&fields, &size) != NULL)
            key = field_next(&fields, &size);
        if (key == NULL || line_get_hex(key, size, &line[i].key) < 0)
            return -1;
        line[i].at = (uint64_t)(from - text.text);
    }
    if (at != end)
        return -1;
    *ret = TAKE(line);
    *ret_count = count;
    return 0;
}

// Reads on from `at` until there are `lines` whole lines more in *into, or the file ends.
static int lines_read(int fd, uint64_t at, int lines, struct str *into)
{
    char block[4096];

    while (lines > 0) {
        ssize_t got = pread(fd, block, sizeof(block), (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        for (ssize_t i = 0; i < got; i++)
            lines -= block[i] == '\n';
        str_add_bytes(into, block, (size_t)got);
        at += (uint64_t)got;
    }
    return 0;
}

static int line_load(struct datasets *ret, int fd, uint64_t at)
{
    CLEANUP_STR struct str text = {0};
    struct fields fields;

    if (lines_read(fd, at, 1, &text) < 0)
        return -1;
    const char *newline = text.size > 0 ? memchr(text.text, '\n', text.size) : NULL;
    size_t size = newline != NULL ? (size_t)(newline + 1 - text.text) : 0;
    char *line = arena_dupn(&ret->arena, str_text(&text), size);
    ret->item[ret->count].column =
        arena_alloc(&ret->arena, ret->columns * sizeof(*ret->item[0].column));
    if (line_fields(&line, line + size, &fields) < 0 || item_parse(ret, &fields) < 0)
        return -1;
    ret->count++;
    return 0;
}

int datasets_load_lines(struct datasets *ret, int run_dir, const uint64_t *at, size_t count)
{
    CLEANUP_CLOSE int fd = openat(run_dir, FILE_NAME, O_RDONLY | O_CLOEXEC);
    CLEANUP_STR struct str head = {0};
    struct stat about;
    size_t all;

    *ret = (struct datasets){0};
    if (fd < 0 || fstat(fd, &about) < 0)
        return -1;
    if (lines_read(fd, 0, 2, &head) < 0)
        return -1;
    char *bytes = arena_dupn(&ret->arena, str_text(&head), head.size);
    if (head_parse(ret, &bytes, bytes + head.size, (size_t)about.st_size, &all, NULL) < 0)
        return -1;
    mem_room(&ret->item, &ret->room, count, sizeof(*ret->item));
    for (size_t i = 0; i < count; i++)
        if (line_load(ret, fd, at[i]) < 0)
            return -1;
    return 0;
}
