// SPDX-License-Identifier: Apache-2.0
// wheels_table: rows as columns, CSV (RFC 4180), Markdown or JSON.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "cli/columns.h"
#include "cli/json_text.h"
#include "cli/wheels.h"

enum table_format { TABLE_TEXT, TABLE_CSV, TABLE_JSON, TABLE_MARKDOWN };
enum column {
    COLUMN_NAME,
    COLUMN_VERSION,
    COLUMN_LOCAL,
    COLUMN_BUILD,
    COLUMN_PYTHON,
    COLUMN_ABI,
    COLUMN_PLATFORM,
    COLUMN_ARCH,
    COLUMN_FILE,
    COLUMN_WHERE,
    COLUMNS
};
static const char *const column_names[COLUMNS] = {"name",   "version", "localversion", "build",
                                                  "python", "abi",     "platform",     "arch",
                                                  "file",   "where"};
static const char default_columns[] = "name,version,python,arch";

static int read_columns(const char *text, enum column *ret, size_t *ret_count, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    strv_split(&words, text ? text : default_columns, ',');
    *ret_count = 0;
    for (size_t i = 0; i < words.count && i < 2 * COLUMNS; i++) {
        int column = 0;
        while (column < COLUMNS && strcmp(words.item[i], column_names[column]) != 0)
            column++;
        if (column == COLUMNS) {
            err_set(err, ERR_USAGE, _("'%s' is no column"), words.item[i]);
            return err_hint(err, "try",
                            "name,version,localversion,build,python,abi,platform,"
                            "arch,file,where");
        }
        ret[(*ret_count)++] = (enum column)column;
    }
    return 0;
}

static void add_tags(struct str *into, const struct tag_set *set, int part)
{
    for (size_t i = 0; i < set->count[part]; i++) {
        str_add(into, i ? "." : "");
        str_add_bytes(into, set->part[part][i].text, set->part[part][i].size);
    }
}

static void add_value(struct str *into, const struct wheels_row *row, enum column column)
{
    const struct source_file *file = row->file;
    const char *plus = file ? strchr(file->version_text, '+') : NULL;
    if (column == COLUMN_NAME)
        str_add(into, row->name);
    if (!file)
        return;
    switch (column) {
    case COLUMN_VERSION:
        str_add_bytes(into, file->version_text,
                      plus ? (size_t)(plus - file->version_text) : strlen(file->version_text));
        break;
    case COLUMN_LOCAL: str_add(into, plus ? plus + 1 : ""); break;
    case COLUMN_BUILD:
        if (file->wheel.has_build) {
            str_add_bytes(into, file->wheel.build_number.text, file->wheel.build_number.size);
            str_add_bytes(into, file->wheel.build_text.text, file->wheel.build_text.size);
        }
        break;
    case COLUMN_PYTHON: add_tags(into, &file->wheel.tags, 0); break;
    case COLUMN_ABI: add_tags(into, &file->wheel.tags, 1); break;
    case COLUMN_PLATFORM: add_tags(into, &file->wheel.tags, 2); break;
    case COLUMN_ARCH: str_add(into, file->label); break;
    case COLUMN_FILE: str_add(into, file->name); break;
    case COLUMN_WHERE: str_add(into, file->url); break;
    default: break;
    }
}

static void add_csv(struct str *into, const char *value)
{
    if (!strpbrk(value, "\",\r\n")) {
        str_add(into, value);
        return;
    }
    str_add_char(into, '"');
    for (; *value; value++) {
        if (*value == '"')
            str_add_char(into, '"');
        str_add_char(into, *value);
    }
    str_add_char(into, '"');
}

static void add_markdown(struct str *into, const char *value)
{
    for (; *value; value++) {
        if (strchr("|\\`*_<>[]", *value))
            str_add_char(into, '\\');
        str_add_char(into, *value == '\n' ? ' ' : *value);
    }
}

// A line of cells; those of the head if row is NULL.
static void add_line(struct str *into, enum table_format format, const struct wheels_row *row,
                     const enum column *column, size_t count)
{
    int markdown = format == TABLE_MARKDOWN;
    str_add(into, markdown ? "|" : "");
    for (size_t i = 0; i < count; i++) {
        CLEANUP_STR struct str value = {0};
        if (row)
            add_value(&value, row, column[i]);
        else
            str_add(&value, column_names[column[i]]);
        str_add(into, markdown ? " " : i ? "," : "");
        if (markdown)
            add_markdown(into, str_text(&value));
        else
            add_csv(into, str_text(&value));
        str_add(into, markdown ? " |" : "");
    }
    str_add(into, markdown ? "\n" : "\r\n");
}

static void add_text(const struct cli *cli, const struct wheels_rows *rows,
                     const enum column *column, size_t count, struct str *text)
{
    CLEANUP_COLUMNS struct columns columns = {.width = count, .elastic = count - 1};
    for (size_t i = 0; i < count; i++)
        strv_add(&columns.cell, column_names[column[i]]);
    for (size_t i = 0; i < rows->count; i++)
        for (size_t k = 0; k < count; k++) {
            CLEANUP_STR struct str value = {0};
            struct str shown = {0};
            add_value(&value, &rows->item[i], column[k]);
            str_add_visible(&shown, str_text(&value), value.size);
            if (!rows->item[i].file && k == 1)
                str_add(&shown, _("not available"));
            strv_take(&columns.cell, str_take(&shown));
        }
    columns_add(&columns, &cli->out, text);
}

static int add_json(const struct wheels_rows *rows, struct str *text)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows->count; i++) {
        const struct wheels_row *row = &rows->item[i];
        json_t *object = json_object();
        json_object_set_new(object, "available", json_boolean(row->file != NULL));
        for (int column = 0; column < (row->file ? COLUMNS : 1); column++) {
            CLEANUP_STR struct str value = {0};
            add_value(&value, row, (enum column)column);
            json_put_text(object, column_names[column], str_text(&value));
        }
        json_array_append_new(list, object);
    }
    return json_add_line(text, json_pack("{s:i,s:o}", "v", 1, "wheels", list));
}

static int read_format(const struct cli *cli, enum table_format *ret, struct err *err)
{
    static const char *const words[] = {"text", "csv", "json", "markdown"};
    const char *word = cli->options.json ? "json" : cli->options.pack.format;
    *ret = TABLE_TEXT;
    for (size_t i = 0; word && i < COUNT(words); i++)
        if (strcmp(word, words[i]) == 0) {
            *ret = (enum table_format)i;
            return 0;
        }
    return word ? err_set(err, ERR_USAGE, _("option %s: '%s' is not %s"), "--format", word,
                          "text, csv, json, markdown")
                : 0;
}

int wheels_table(const struct cli *cli, const struct wheels_rows *rows, struct str *text,
                 struct err *err)
{
    enum column column[2 * COLUMNS];
    size_t count;
    enum table_format format;
    if (read_format(cli, &format, err) < 0 ||
        read_columns(cli->options.pack.column, column, &count, err) < 0)
        return -1;
    if (format == TABLE_JSON)
        return add_json(rows, text);
    if (format == TABLE_TEXT) {
        if (rows->count)
            add_text(cli, rows, column, count, text);
        return 0;
    }
    add_line(text, format, NULL, column, count);
    if (format == TABLE_MARKDOWN) {
        for (size_t i = 0; i < count; i++)
            str_add(text, i ? " --- |" : "| --- |");
        str_add_char(text, '\n');
    }
    for (size_t i = 0; i < rows->count; i++)
        add_line(text, format, &rows->item[i], column, count);
    return 0;
}
