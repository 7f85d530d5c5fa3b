// SPDX-License-Identifier: Apache-2.0
#include "module/luatable.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/str.h"

enum { MAX_DEPTH = 40 };
struct reader {
    struct arena *arena;
    const char *at, *end;
    int depth;
};

static int read_value(struct reader *reader, struct luatable *ret);

// "[[" or "[==[" at the reader's place: how many signs it has; -1: there is none.
static int long_level(const struct reader *reader)
{
    const char *at = reader->at;
    int level = 0;
    if (at == reader->end || *at++ != '[')
        return -1;
    for (; at < reader->end && *at == '='; at++)
        level++;
    return at < reader->end && *at == '[' ? level : -1;
}

// Moves behind its end. Returns what is within, its size in *ret_size; NULL: it has no end.
static const char *skip_long(struct reader *reader, int level, size_t *ret_size)
{
    const char *start = reader->at + level + 2;
    for (const char *at = start; at < reader->end; at++) {
        int signs = 0;
        if (*at != ']')
            continue;
        while (signs < level && at + 1 + signs < reader->end && at[1 + signs] == '=')
            signs++;
        if (signs < level || at + 1 + level >= reader->end || at[1 + level] != ']')
            continue;
        reader->at = at + level + 2;
        *ret_size = (size_t)(at - start);
        return start;
    }
    return NULL;
}

static void skip_comment(struct reader *reader)
{
    size_t size;
    reader->at += 2;
    int level = long_level(reader);
    if (level >= 0 && skip_long(reader, level, &size))
        return;
    while (reader->at < reader->end && *reader->at != '\n')
        reader->at++;
}

static void skip(struct reader *reader)
{
    while (reader->at < reader->end) {
        if (isspace((unsigned char)*reader->at))
            reader->at++;
        else if (reader->end - reader->at >= 2 && reader->at[0] == '-' && reader->at[1] == '-')
            skip_comment(reader);
        else
            return;
    }
}

static int take(struct reader *reader, char byte)
{
    skip(reader);
    if (reader->at == reader->end || *reader->at != byte)
        return 0;
    reader->at++;
    return 1;
}

// A name; NULL, nothing moved, if none is there.
static const char *read_name(struct reader *reader)
{
    skip(reader);
    const char *start = reader->at, *at = start;
    while (at < reader->end && (isalnum((unsigned char)*at) || *at == '_'))
        at++;
    if (at == start || isdigit((unsigned char)*start))
        return NULL;
    reader->at = at;
    return arena_dupn(reader->arena, start, (size_t)(at - start));
}

// What follows a backslash. Returns 0, or -1.
static int read_escape(struct reader *reader, struct str *text)
{
    static const char from[] = "abfnrtv\\\"'\n", to[] = "\a\b\f\n\r\t\v\\\"'\n";
    if (reader->at == reader->end)
        return -1;
    const char *known = memchr(from, *reader->at, sizeof from - 1);
    if (known) {
        str_add_char(text, to[known - from]);
        reader->at++;
        return 0;
    }
    unsigned value = 0;
    int digits = 0;
    while (digits < 3 && reader->at < reader->end && isdigit((unsigned char)*reader->at)) {
        value = value * 10 + (unsigned)(*reader->at++ - '0');
        digits++;
    }
    if (!digits || value > 255)
        return -1;
    str_add_char(text, (char)value);
    return 0;
}

static int read_string(struct reader *reader, const char **ret)
{
    char quote = *reader->at++;
    const char *plain = reader->at;
    while (plain < reader->end && *plain != quote && *plain != '\\' && *plain != '\n')
        plain++;
    if (plain < reader->end && *plain == quote) {
        *ret = arena_dupn(reader->arena, reader->at, (size_t)(plain - reader->at));
        reader->at = plain + 1;
        return 0;
    }
    CLEANUP_STR struct str text = {0};
    while (reader->at < reader->end && *reader->at != quote) {
        char byte = *reader->at++;
        if (byte == '\n')
            return -1;
        if (byte != '\\')
            str_add_char(&text, byte);
        else if (read_escape(reader, &text) < 0)
            return -1;
    }
    if (reader->at == reader->end)
        return -1;
    reader->at++;
    *ret = arena_dupn(reader->arena, str_text(&text), text.size);
    return 0;
}

// A newline behind its beginning is not a part of it.
static int read_long(struct reader *reader, int level, const char **ret)
{
    size_t size;
    const char *text = skip_long(reader, level, &size);
    if (!text)
        return -1;
    size_t from = size && *text == '\n';
    *ret = arena_dupn(reader->arena, text + from, size - from);
    return 0;
}

static int read_number(struct reader *reader, double *ret)
{
    char text[64];
    size_t size = 0;
    while (reader->at + size < reader->end && size + 1 < sizeof text &&
           (isalnum((unsigned char)reader->at[size]) || strchr("+-.", reader->at[size])))
        size++;
    memcpy(text, reader->at, size);
    text[size] = '\0';
    char *end;
    *ret = strtod(text, &end);
    if (!size || *end)
        return -1;
    reader->at += size;
    return 0;
}

// [key] = or name =; neither: an entry with a place. Returns 0, or -1.
static int read_key(struct reader *reader, struct luatable *entry)
{
    skip(reader);
    const char *before = reader->at;
    if (long_level(reader) < 0 && take(reader, '[')) {
        struct luatable key = {0};
        if (read_value(reader, &key) < 0 || !take(reader, ']') || !take(reader, '='))
            return -1;
        if (key.kind == LUATABLE_STRING)
            entry->key = key.text;
        else if (key.kind == LUATABLE_NUMBER && key.number > 0 && key.number < 1e9)
            entry->index = (long)key.number;
        else
            return -1;
        return 0;
    }
    const char *name = read_name(reader);
    if (name && take(reader, '='))
        entry->key = name;
    else
        reader->at = before;
    return 0;
}

static int read_table(struct reader *reader, struct luatable *ret)
{
    struct luatable *items = NULL;
    size_t room = 0;
    long place = 0;
    int status = ++reader->depth > MAX_DEPTH ? -1 : 0;
    while (status == 0 && !take(reader, '}')) {
        struct luatable entry = {0};
        if (read_key(reader, &entry) < 0 || read_value(reader, &entry) < 0) {
            status = -1;
            break;
        }
        if (!entry.key && !entry.index)
            entry.index = ++place;
        mem_room(&items, &room, ret->count + 1, sizeof *items);
        items[ret->count++] = entry;
        if (take(reader, ',') || take(reader, ';'))
            continue;
        if (!take(reader, '}'))
            status = -1;
        break;
    }
    reader->depth--;
    ret->kind = LUATABLE_TABLE;
    ret->item = arena_alloc(reader->arena, ret->count * sizeof *items + 1);
    if (ret->count)
        memcpy(ret->item, items, ret->count * sizeof *items);
    free(items);
    return status;
}

static int read_value(struct reader *reader, struct luatable *ret)
{
    skip(reader);
    if (reader->at == reader->end)
        return -1;
    if (*reader->at == '"' || *reader->at == '\'') {
        ret->kind = LUATABLE_STRING;
        return read_string(reader, &ret->text);
    }
    int level = long_level(reader);
    if (level >= 0) {
        ret->kind = LUATABLE_STRING;
        return read_long(reader, level, &ret->text);
    }
    if (take(reader, '{'))
        return read_table(reader, ret);
    const char *name = read_name(reader);
    if (!name) {
        ret->kind = LUATABLE_NUMBER;
        return read_number(reader, &ret->number);
    }
    ret->kind = strcmp(name, "nil") == 0 ? LUATABLE_NIL : LUATABLE_BOOL;
    ret->number = strcmp(name, "true") == 0;
    return ret->kind == LUATABLE_NIL || ret->number || strcmp(name, "false") == 0 ? 0 : -1;
}

static int set_error(const char *text, const struct reader *reader, struct err *err)
{
    size_t line = 1;
    for (const char *at = text; at < reader->at; at++)
        line += *at == '\n';
    return err_set(err, ERR_MODULE_STATE, _("line %zu is not as a table is written"), line);
}

int luatable_read_all(struct arena *arena, const char *text, size_t size,
                      const char *const *names, const struct luatable **ret, struct err *err)
{
    struct reader reader = {arena, text, text + size, 0};
    for (size_t i = 0; names[i]; i++)
        ret[i] = NULL;
    for (skip(&reader); reader.at < reader.end; skip(&reader)) {
        struct luatable *value = arena_alloc(arena, sizeof *value);
        *value = (struct luatable){0};
        const char *name = read_name(&reader);
        if (!name || !take(&reader, '=') || read_value(&reader, value) < 0)
            return set_error(text, &reader, err);
        for (size_t i = 0; names[i]; i++)
            if (strcmp(names[i], name) == 0)
                ret[i] = value->kind == LUATABLE_TABLE ? value : NULL;
        take(&reader, ';');
    }
    return 0;
}

const struct luatable *luatable_read(struct arena *arena, const char *text, size_t size,
                                     struct err *err)
{
    struct reader reader = {arena, text, text + size, 0};
    struct luatable *table = arena_alloc(arena, sizeof *table);
    *table = (struct luatable){0};
    const char *name = read_name(&reader);
    int good = (!name || take(&reader, '=')) && read_value(&reader, table) == 0;
    skip(&reader);
    if (good && table->kind == LUATABLE_TABLE && reader.at == reader.end)
        return table;
    set_error(text, &reader, err);
    return NULL;
}

const struct luatable *luatable_get(const struct luatable *table, const char *key)
{
    if (!table || table->kind != LUATABLE_TABLE)
        return NULL;
    for (size_t i = 0; i < table->count; i++)
        if (table->item[i].key && strcmp(table->item[i].key, key) == 0)
            return &table->item[i];
    return NULL;
}

const char *luatable_text(const struct luatable *table, const char *key)
{
    const struct luatable *entry = luatable_get(table, key);
    return entry && entry->kind == LUATABLE_STRING ? entry->text : NULL;
}

long luatable_number(const struct luatable *table, const char *key, long otherwise)
{
    const struct luatable *entry = luatable_get(table, key);
    int good =
        entry && entry->kind == LUATABLE_NUMBER && entry->number > -1e9 && entry->number < 1e9;
    return good ? (long)entry->number : otherwise;
}
