// SPDX-License-Identifier: Apache-2.0
// datasets: the items of a run, from words, quoted globs, ":::" lists and files.
//
// Each list becomes rows of cells (dataset_file.h); lists are then combined or linked as GNU
// parallel does with several :::, and -a picks from the result. Texts lie in one arena and are
// shared between datasets. Invariant: item[i].column has `columns` entries, none NULL; numbers
// rise and are the same with or without -a.
#include "dataset/datasets.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "dataset/dataset_file.h"

static void rows_word(struct rows *rows, const char *word)
{
    mem_room(&rows->cell, &rows->cell_room, rows->cells + 1, sizeof(*rows->cell));
    rows->cell[rows->cells++] = word;
    rows->count++;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Says what there is where the pattern looked: most often a folder's name is wrong, or the
// ending.
static int no_match(const char *pattern, struct err *err)
{
    size_t literal = strcspn(pattern, "*?[\\");
    CLEANUP_FREE char *start = mem_dupn(pattern, literal);
    CLEANUP_FREE char *folder = NULL;
    struct stat about;

    err_set(err, ERR_NO_DATASET, _("no file matches '%s'"), pattern);
    if (strchr(start, '/') == NULL)
        return -1;
    folder = start[literal - 1] == '/' ? mem_dup(start) : fs_folder(start);
    if (stat(folder, &about) < 0)
        return err_hint(err, "found", _("no folder '%s'"), folder);
    return -1;
}

// Adds what a pattern matches, in order of bytes: the same on every machine and in every
// language.
static int rows_glob(struct rows *rows, struct arena *arena, const char *pattern,
                     struct err *err)
{
    glob_t found = {0};
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);

    if (result == GLOB_NOSPACE || result == GLOB_ABORTED) {
        globfree(&found);
        return err_set(err, ERR_NO_DATASET, _("cannot search for '%s'"), pattern);
    }
    if (result == GLOB_NOMATCH || found.gl_pathc == 0) {
        globfree(&found);
        return no_match(pattern, err);
    }
    qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), compare_names);
    for (size_t i = 0; i < found.gl_pathc; i++)
        rows_word(rows, arena_dup(arena, found.gl_pathv[i]));
    globfree(&found);
    return 0;
}

static int rows_words(struct rows *rows, struct arena *arena, const struct dataset_list *list,
                      struct err *err)
{
    rows->columns = 1;
    for (size_t i = 0; i < list->count; i++) {
        const char *word = list->word[i];
        struct stat about;

        if (list->quoted && strpbrk(word, "*?[") != NULL && lstat(word, &about) < 0) {
            if (rows_glob(rows, arena, word, err) < 0)
                return -1;
        } else {
            rows_word(rows, arena_dup(arena, word));
        }
    }
    return 0;
}

// Reads every list. Returns 0, or -1 with err.
static int lists_read(const struct dataset_options *options, struct rows *rows,
                      struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < options->lists; i++) {
        const struct dataset_list *list = &options->list[i];

        if (list->file != NULL) {
            if (rows_read(&rows[i], arena, list->file, options, err) < 0)
                return -1;
            if (rows[i].count == 0)
                return err_set(err, ERR_NO_DATASET, _("no dataset in '%s'"), list->file);
        } else {
            if (rows_words(&rows[i], arena, list, err) < 0)
                return -1;
            if (rows[i].count == 0)
                return err_set(err, ERR_NO_DATASET, _("no dataset"));
        }
    }
    return 0;
}

// The number of datasets that the lists make. 0 with err.
static size_t lists_total(const struct dataset_options *options, const struct rows *rows,
                          struct err *err)
{
    size_t total = rows[0].count;

    for (size_t i = 1; i < options->lists; i++) {
        if (options->link && rows[i].count != total) {
            err_set(err, ERR_USAGE, _("--link: list 1 has %zu datasets, list %zu has %zu"),
                    total, i + 1, rows[i].count);
            return 0;
        }
        if (!options->link && __builtin_mul_overflow(total, rows[i].count, &total))
            total = SIZE_MAX;
    }
    if (total > DATASETS_MAX) {
        err_set(err, ERR_USAGE, _("more than %d datasets"), DATASETS_MAX);
        return 0;
    }
    return total;
}

static int lists_names(struct datasets *ret, const struct rows *rows, size_t lists,
                       struct err *err)
{
    size_t at = 0;
    int named = 0;

    for (size_t i = 0; i < lists; i++) {
        ret->columns += rows[i].columns;
        named |= rows[i].name != NULL;
    }
    if (!named)
        return 0;
    ret->name = arena_alloc(&ret->arena, ret->columns * sizeof(*ret->name));
    for (size_t i = 0; i < lists; i++)
        for (size_t j = 0; j < rows[i].columns; j++)
            ret->name[at++] =
                rows[i].name != NULL ? rows[i].name[j] : arena_dup(&ret->arena, "");
    for (size_t i = 0; lists > 1 && i < ret->columns; i++)
        for (size_t j = 0; j < i; j++)
            if (ret->name[i][0] != '\0' && strcmp(ret->name[i], ret->name[j]) == 0)
                return err_set(err, ERR_USAGE, _("two columns are named '%s'"), ret->name[i]);
    return 0;
}

// The text of row `row` of a list, as far as it is one: a line of JSON, or its only cell. Else
// NULL.
static const char *row_text(const struct rows *rows, size_t row)
{
    if (rows->line != NULL)
        return rows->line[row];
    return rows->columns == 1 ? rows->cell[row] : NULL;
}

// Fills one dataset from row at[i] of each list.
static void item_fill(struct datasets *ret, const struct rows *rows, const size_t *at,
                      size_t lists, struct str *text)
{
    struct dataset *item = &ret->item[ret->count++];
    const char **column = item->column;

    str_clear(text);
    for (size_t i = 0; i < lists; i++) {
        const char **cell = rows[i].cell + at[i] * rows[i].columns;
        const char *line = row_text(&rows[i], at[i]);

        memcpy(column, cell, rows[i].columns * sizeof(*cell));
        column += rows[i].columns;
        if (lists == 1 && line != NULL) {
            item->text = line;
            return;
        }
        for (size_t j = 0; j < (line != NULL ? 1 : rows[i].columns); j++) {
            if (i + j > 0)
                str_add_char(text, '\t');
            str_add(text, line != NULL ? line : cell[j]);
        }
    }
    item->text = arena_dupn(&ret->arena, str_text(text), text->size);
}

// Makes the datasets, those of `only` (a bit each) if it is not NULL.
static void lists_combine(struct datasets *ret, const struct dataset_options *options,
                          const struct rows *rows, size_t total, size_t picked,
                          const unsigned char *only)
{
    CLEANUP_FREE size_t *at = mem_zero(options->lists, sizeof(*at));
    CLEANUP_STR struct str text = {0};
    const char **column = arena_alloc(&ret->arena, picked * ret->columns * sizeof(*column));

    mem_room(&ret->item, &ret->room, picked, sizeof(*ret->item));
    for (size_t number = 0; number < total; number++) {
        if (only == NULL || only[number / 8] & 1 << number % 8) {
            ret->item[ret->count] = (struct dataset){
                .column = column, .size = -1, .mtime = -1, .number = (uint32_t)(number + 1)};
            column += ret->columns;
            item_fill(ret, rows, at, options->lists, &text);
        }
        for (size_t i = options->lists; i-- > 0;) { // the last list changes fastest
            at[i]++;
            if (options->link)
                continue;
            if (at[i] < rows[i].count)
                break;
            at[i] = 0;
        }
    }
}

// One number of -a, at *at. 0 or beyond `total` is refused.
static int only_number(const char **at, size_t *ret)
{
    char *end;

    if (**at < '0' || **at > '9')
        return -1;
    errno = 0;
    *ret = strtoul(*at, &end, 10);
    *at = end;
    return errno == 0 ? 0 : -1;
}

// One part of -a: N, N-M or N-M:STEP. Returns 0, or -1 if it is malformed or out of range.
static int only_part(const char **at, size_t total, unsigned char *bits)
{
    size_t first, last, step = 1;

    if (only_number(at, &first) < 0)
        return -1;
    last = first;
    if (**at == '-') {
        (*at)++;
        if (only_number(at, &last) < 0)
            return -1;
        if (**at == ':') {
            (*at)++;
            if (only_number(at, &step) < 0)
                return -1;
        }
    }
    if (first < 1 || last < first || last > total || step < 1)
        return -1;
    for (size_t i = first - 1; i < last; i += step < total ? step : total)
        bits[i / 8] |= (unsigned char)(1 << i % 8);
    return 0;
}

// The datasets that -a names, a bit each; their number in *ret_count. NULL with err.
static unsigned char *only_parse(const char *only, size_t total, size_t *ret_count,
                                 struct err *err)
{
    unsigned char *bits = mem_zero(total / 8 + 1, 1);
    const char *at = only;

    for (;;) {
        if (only_part(&at, total, bits) < 0)
            break;
        if (*at == '\0') {
            *ret_count = 0;
            for (size_t i = 0; i <= total / 8; i++)
                *ret_count += (size_t)__builtin_popcount(bits[i]);
            return bits;
        }
        if (*at++ != ',')
            break;
    }
    free(bits);
    err_set(err, ERR_USAGE, _("-a %s: wants a list of 1-%zu, as in 3,5-9,20-100:10"), only,
            total);
    if (only[0] == '0' || strstr(only, ",0") != NULL)
        err_hint(err, "found", _("datasets count from 1"));
    return NULL;
}

static int options_check(const struct dataset_options *options, struct err *err)
{
    size_t files = 0, inputs = 0;

    for (size_t i = 0; i < options->lists; i++) {
        files += options->list[i].file != NULL;
        inputs += options->list[i].file != NULL && strcmp(options->list[i].file, "-") == 0;
    }
    if (options->lists == 0)
        return err_set(err, ERR_NO_DATASET, _("no dataset"));
    if (inputs > 1)
        return err_set(err, ERR_USAGE, _("input can be read once only: '-' is given %zu times"),
                       inputs);
    if (options->colsep != NULL && options->colsep[0] == '\0')
        return err_set(err, ERR_USAGE, _("--colsep wants a separator"));
    if (files == 0 && (options->header || options->colsep != NULL))
        return err_set(err, ERR_USAGE, _("%s is for datasets from a file (--from, ::::)"),
                       options->header ? "--header" : "--colsep");
    return 0;
}

static int datasets_make(const struct dataset_options *options, struct datasets *ret,
                         struct rows *rows, struct err *err)
{
    CLEANUP_FREE unsigned char *only = NULL;
    size_t total, picked;

    if (lists_read(options, rows, &ret->arena, err) < 0)
        return -1;
    total = lists_total(options, rows, err);
    if (total == 0 || lists_names(ret, rows, options->lists, err) < 0)
        return -1;
    picked = total;
    if (options->only != NULL) {
        only = only_parse(options->only, total, &picked, err);
        if (only == NULL)
            return -1;
    }
    ret->json = options->lists == 1 && rows[0].json;
    lists_combine(ret, options, rows, total, picked, only);
    return 0;
}

int datasets_read(const struct dataset_options *options, struct datasets *ret, struct err *err)
{
    CLEANUP_FREE struct rows *rows = NULL;
    int result;

    *ret = (struct datasets){0};
    if (options_check(options, err) < 0)
        return -1;
    rows = mem_zero(options->lists, sizeof(*rows));
    result = datasets_make(options, ret, rows, err);
    for (size_t i = 0; i < options->lists; i++)
        rows_free(&rows[i]);
    return result;
}

size_t datasets_from(const struct datasets *datasets, int64_t number)
{
    size_t low = 0, high = datasets->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (datasets->item[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t dataset_size(const struct dataset *dataset)
{
    return dataset->size > 0 ? dataset->size : 0;
}

void dataset_stat(const struct dataset *dataset, int dir, int64_t *ret_size, int64_t *ret_mtime)
{
    struct stat about;

    *ret_size = *ret_mtime = -1;
    if (fstatat(dir, dataset->column[0], &about, 0) == 0 && S_ISREG(about.st_mode)) {
        *ret_size = about.st_size;
        *ret_mtime = clock_ns(about.st_mtim);
    }
}

void datasets_stat(struct datasets *datasets, int dir)
{
    for (size_t i = 0; i < datasets->count; i++)
        dataset_stat(&datasets->item[i], dir, &datasets->item[i].size,
                     &datasets->item[i].mtime);
}

void datasets_free(struct datasets *datasets)
{
    free(datasets->item);
    arena_free(&datasets->arena);
    *datasets = (struct datasets){0};
}
