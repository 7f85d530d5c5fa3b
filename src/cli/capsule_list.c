// SPDX-License-Identifier: Apache-2.0
// capsule_list: the datasets of a run as a file that --from reads: lines; where a name has a
// newline, items that end with NUL; columns between a text that is in none of them; lines of
// JSON as they were.
#include <string.h>
#include <sys/stat.h>

#include "base/lang.h"
#include "cli/capsule.h"

static int each_cell(const struct datasets *datasets,
                     int (*is)(const char *cell, void *context), void *context)
{
    for (size_t i = 0; i < datasets->count; i++)
        for (size_t c = 0; c < datasets->columns; c++)
            if (is(datasets->item[i].column[c], context))
                return 1;
    for (size_t c = 0; datasets->name && c < datasets->columns; c++)
        if (is(datasets->name[c], context))
            return 1;
    return 0;
}

static int has_text(const char *cell, void *context)
{
    return strstr(cell, context) != NULL;
}

// What would not come back from a file of lines: see dataset_file.c.
static int needs_nul(const char *cell, void *context)
{
    (void)context;
    return strchr(cell, '\n') || strchr(cell, '\r') || str_starts(cell, "\xef\xbb\xbf");
}

// Not a comma, which cells in quotes go with. Yours.
static char *find_separator(const struct datasets *datasets)
{
    static const char *const usual[] = {"\t", "|", ";"};
    for (size_t i = 0; i < COUNT(usual); i++) {
        char *separator = mem_dup(usual[i]);
        if (!each_cell(datasets, has_text, separator))
            return separator;
        mem_free_at(&separator);
    }
    for (unsigned i = 1;; i++) {
        char *separator = mem_print("<%u>", i);
        if (!each_cell(datasets, has_text, separator))
            return separator;
        mem_free_at(&separator);
    }
}

static void add_row(struct str *into, const char *const *cell, size_t count,
                    const char *separator, char end)
{
    for (size_t i = 0; i < count; i++) {
        str_add(into, i ? separator : "");
        str_add(into, cell[i]);
    }
    str_add_char(into, end);
}

static int add_rows(struct str *into, const struct datasets *datasets, struct image *image,
                    struct err *err)
{
    CLEANUP_FREE char *separator = find_separator(datasets);
    int has_columns = datasets->columns > 1 || datasets->name;
    char end = each_cell(datasets, needs_nul, NULL) ? '\0' : '\n';
    if (end == '\0')
        image_say(image, "null", "");
    if (has_columns)
        image_say(image, "colsep", strcmp(separator, "\t") == 0 ? "\\t" : separator);
    if (datasets->name) {
        image_say(image, "header", "");
        add_row(into, (const char *const *)datasets->name, datasets->columns, separator, '\n');
        into->text[into->size - 1] = end;
    }
    for (size_t i = 0; i < datasets->count; i++) {
        const struct dataset *item = &datasets->item[i];
        if (datasets->columns == 1 && !*item->column[0])
            return err_set(err, ERR_USAGE,
                           _("dataset %u is an empty word, which no list can hold"),
                           item->number);
        add_row(into, item->column, datasets->columns, separator, end);
    }
    return 0;
}

static void add_lines(struct str *into, const struct datasets *datasets)
{
    for (size_t i = 0; i < datasets->count; i++) {
        str_add(into, datasets->item[i].text);
        str_add_char(into, '\n');
    }
}

struct counts {
    size_t moved, none; // are from outside; name no file
};

// The first column is a file or folder; others are where they name a file.
static int add_cell(struct capsule_files *files, struct datasets *datasets, size_t row,
                    size_t column, struct counts *counts, struct err *err)
{
    struct dataset *item = &datasets->item[row];
    struct stat st;
    const char *place;
    const char *cell = item->column[column];
    int is_there = *cell && stat(cell, &st) == 0;
    if (!is_there || (!S_ISREG(st.st_mode) && (column || !S_ISDIR(st.st_mode)))) {
        counts->none += !column;
        return 0;
    }
    int is_outside = *cell == '/';
    if (capsule_add_path(files, cell, "data", &place, err) < 0)
        return -1;
    CLEANUP_FREE char *padded = mem_print("/%s/", cell);
    is_outside |= strstr(padded, "/../") != NULL;
    if (!is_outside)
        return 0;
    if (datasets->json)
        return err_set(err, ERR_USAGE,
                       _("'%s' is outside of the folder of the run, and a list of JSON is not "
                         "rewritten"),
                       cell);
    counts->moved += str_starts(place, "data/") && !column;
    item->column[column] = *place ? place : ".";
    return 0;
}

static int add_data(struct capsule_files *files, struct datasets *datasets, struct err *err)
{
    struct counts counts = {0};
    for (size_t i = 0; i < datasets->count; i++)
        for (size_t c = 0; c < datasets->columns; c++)
            if (add_cell(files, datasets, i, c, &counts, err) < 0)
                return -1;
    if (counts.moved) {
        CLEANUP_FREE char *text =
            mem_print(lang_plural("%zu dataset from outside of the folder is below data/, and "
                                  "the list names it there",
                                  "%zu datasets from outside of the folder are below data/, "
                                  "and the list names them there",
                                  counts.moved),
                      counts.moved);
        strv_add(&files->notes, text);
    }
    if (counts.none) {
        CLEANUP_FREE char *text = mem_print(
            lang_plural("%zu dataset names no file", "%zu datasets name no file", counts.none),
            counts.none);
        strv_add(&files->notes, text);
    }
    return 0;
}

static int has_gaps(const struct datasets *datasets)
{
    return datasets->count && datasets->item[datasets->count - 1].number != datasets->count;
}

int capsule_add_datasets(struct capsule_files *files, struct datasets *datasets, int data,
                         struct err *err)
{
    struct image *image = files->image;
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *count = mem_print("%zu", datasets->count);
    const char *name;
    if (data && add_data(files, datasets, err) < 0)
        return -1;
    if (has_gaps(datasets))
        strv_add(&files->notes, _("the datasets are numbered from 1 there: the run had some of "
                                  "a list (-a)"));
    if (datasets->json)
        add_lines(&text, datasets);
    else if (add_rows(&text, datasets, image, err) < 0)
        return -1;
    const char *kept = arena_dupn(&image->arena, str_text(&text), text.size);
    if (capsule_add_text(files, datasets->json ? "datasets.jsonl" : "datasets.txt", kept,
                         text.size, &name, err) < 0)
        return -1;
    image_say(image, CAPSULE_LIST, name);
    image_say(image, CAPSULE_DATASETS, count);
    return 0;
}
