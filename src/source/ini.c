// SPDX-License-Identifier: Apache-2.0
// ini: pip.conf line by line.
#include "source/ini.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

struct entry { // of which the value still grows
    const char *section, *key;
    struct str value;
};
struct reader {
    struct arena *arena;
    const char *file;
    size_t line;
    const char *section;
    struct strv sections; // met so far
    struct entry *entry;
    size_t count, room;
    int open; // the last entry may be continued
    size_t indent;
    struct err *err;
};

const char *ini_key(struct arena *arena, struct piece key)
{
    CLEANUP_STR struct str text = {0};
    text_add_lower(&text, key);
    for (size_t i = 0; i < text.size; i++)
        if (text.text[i] == '_')
            text.text[i] = '-';
    const char *plain = str_text(&text);
    return arena_dup(arena, str_starts(plain, "--") ? plain + 2 : plain);
}

static int refuse(struct reader *reader, const char *why)
{
    return err_set(reader->err, ERR_USAGE, "%s:%zu: %s", reader->file, reader->line, why);
}

static int begin_section(struct reader *reader, struct piece name)
{
    CLEANUP_FREE char *text = mem_dupn(name.text, name.size);
    reader->section = arena_dup(reader->arena, text);
    reader->open = 0;
    if (strcmp(text, "DEFAULT") == 0)
        return 0;
    for (size_t i = 0; i < reader->sections.count; i++)
        if (strcmp(reader->sections.item[i], text) == 0)
            return refuse(reader, _("this section is there twice"));
    strv_add(&reader->sections, text);
    return 0;
}

static int begin_entry(struct reader *reader, struct piece line)
{
    size_t mark = 0;
    while (mark < line.size && line.text[mark] != '=' && line.text[mark] != ':')
        mark++;
    struct piece key = piece_strip((struct piece){line.text, mark});
    if (mark == line.size || !key.size)
        return refuse(reader, _("neither a [section] nor 'key = value'"));
    const char *name = ini_key(reader->arena, key);
    for (size_t i = 0; i < reader->count; i++)
        if (strcmp(reader->entry[i].section, reader->section) == 0 &&
            strcmp(reader->entry[i].key, name) == 0)
            return refuse(reader, _("this key is there twice"));
    mem_room(&reader->entry, &reader->room, reader->count + 1, sizeof *reader->entry);
    struct entry *entry = &reader->entry[reader->count++];
    *entry = (struct entry){.section = reader->section, .key = name};
    struct piece value = {line.text + mark + 1, line.size - mark - 1};
    value = piece_strip(value);
    str_add_bytes(&entry->value, value.text, value.size);
    reader->open = 1;
    return 0;
}

// `line` without its line end.
static int read_line(struct reader *reader, struct piece line)
{
    struct piece text = piece_strip(line);
    size_t indent = text.size ? (size_t)(text.text - line.text) : 0;
    if (text.size && (*text.text == '#' || *text.text == ';'))
        return 0;
    if (!text.size) {
        if (reader->open)
            str_add_char(&reader->entry[reader->count - 1].value, '\n');
        return 0;
    }
    if (reader->section && reader->open && indent > reader->indent) {
        struct str *value = &reader->entry[reader->count - 1].value;
        str_add_char(value, '\n');
        str_add_bytes(value, text.text, text.size);
        return 0;
    }
    reader->indent = indent;
    const char *close = *text.text == '[' ? memrchr(text.text, ']', text.size) : NULL;
    if (close && close > text.text + 1)
        return begin_section(reader,
                             (struct piece){text.text + 1, (size_t)(close - text.text) - 1});
    if (!reader->section)
        return refuse(reader, _("this stands before the first [section]"));
    return begin_entry(reader, text);
}

// Only the end is cut: an empty first line is part of the value.
static const char *final_value(struct reader *reader, const struct entry *entry)
{
    size_t size = entry->value.size;
    while (size && entry->value.text[size - 1] == '\n')
        size--;
    return arena_dupn(reader->arena, str_text(&entry->value), size);
}

// [DEFAULT] first in each section, unless the section says it itself.
static void keep_section(struct reader *reader, const char *section, struct ini *into)
{
    size_t from = into->count;
    for (int own = 0; own < 2; own++)
        for (size_t i = 0; i < reader->count; i++) {
            const struct entry *entry = &reader->entry[i];
            size_t at = from;
            if (strcmp(entry->section, own ? section : "DEFAULT") != 0)
                continue;
            while (at < into->count && strcmp(into->item[at].key, entry->key) != 0)
                at++;
            into->count += at == into->count;
            into->item[at] =
                (struct ini_entry){section, entry->key, final_value(reader, entry)};
        }
}

static void keep(struct reader *reader, struct ini *into)
{
    size_t room = (reader->sections.count + 1) * (reader->count + 1);
    into->item = arena_alloc(reader->arena, room * sizeof *into->item);
    for (size_t i = 0; i < reader->sections.count; i++)
        keep_section(reader, arena_dup(reader->arena, reader->sections.item[i]), into);
}

int ini_parse(struct arena *arena, const char *file, struct piece text, struct ini *ret,
              struct err *err)
{
    struct reader reader = {.arena = arena, .file = file, .err = err};
    const char *at = text.text, *end = text.text + text.size;
    int result = 0;
    *ret = (struct ini){0};
    while (at < end && result == 0) {
        const char *stop = at;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        reader.line++;
        result = read_line(&reader, (struct piece){at, (size_t)(stop - at)});
        if (stop + 1 < end && stop[0] == '\r' && stop[1] == '\n')
            stop++;
        at = stop + 1;
    }
    if (result == 0)
        keep(&reader, ret);
    for (size_t i = 0; i < reader.count; i++)
        str_free(&reader.entry[i].value);
    free(reader.entry);
    strv_free(&reader.sections);
    return result;
}
