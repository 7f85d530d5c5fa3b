// SPDX-License-Identifier: Apache-2.0
// require: requirements read and written (PEP 508).
#include "wheel/require.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "wheel/name.h"

struct reader {
    struct arena *arena;
    const char *at, *end;
    struct require *require;
};

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

static int take(struct reader *reader, char byte)
{
    if (reader->at >= reader->end || *reader->at != byte)
        return 0;
    reader->at++;
    return 1;
}

// Letters, digits, '.', '_', '-', of which the last ends a word: "a-" is the name "a".
static int read_name(struct reader *reader, struct piece *ret)
{
    const char *start = reader->at, *behind = start;
    if (start >= reader->end || !text_is_alnum(*start))
        return -1;
    while (behind < reader->end && (text_is_alnum(*behind) || strchr("._-", *behind)) &&
           *behind)
        behind++;
    while (behind > start) {
        int word = text_is_word(behind[-1]);
        int next = behind < reader->end && text_is_word(*behind);
        if (word != next)
            break;
        behind--;
    }
    if (behind == start)
        return -1;
    *ret = (struct piece){arena_dupn(reader->arena, start, (size_t)(behind - start)),
                          (size_t)(behind - start)};
    reader->at = behind;
    return 0;
}

static int compare_pieces(const void *one, const void *two)
{
    return piece_compare(*(const struct piece *)one, *(const struct piece *)two);
}

static int read_extras(struct reader *reader)
{
    struct require *require = reader->require;
    size_t room = 1, kept = 0;
    if (!take(reader, '['))
        return 0;
    for (const char *at = reader->at; at < reader->end && *at != ']'; at++)
        room += *at == ',';
    require->extra = arena_alloc(reader->arena, room * sizeof *require->extra);
    skip_blanks(reader);
    if (!take(reader, ']')) {
        do {
            skip_blanks(reader);
            if (read_name(reader, &require->extra[require->extra_count++]) < 0)
                return -1;
            skip_blanks(reader);
        } while (take(reader, ','));
        if (!take(reader, ']'))
            return -1;
    }
    skip_blanks(reader);
    qsort(require->extra, require->extra_count, sizeof *require->extra, compare_pieces);
    for (size_t i = 0; i < require->extra_count; i++)
        if (!kept || piece_compare(require->extra[kept - 1], require->extra[i]) != 0)
            require->extra[kept++] = require->extra[i];
    require->extra_count = kept;
    return 0;
}

// All up to ';', ')' or the end, if that is printable ASCII: a whole list of specifiers. Returns 1
// if it is one; then `===a, ==1` is two, which the reading word by word would take for one.
static int read_list(struct reader *reader)
{
    const char *behind = reader->at;
    size_t commas = 0;
    while (behind < reader->end && *behind != ';' && *behind != ')' &&
           (*behind == '\t' || (*behind >= ' ' && *behind <= '~')))
        commas += *behind++ == ',';
    if (behind == reader->at || (behind < reader->end && *behind != ';' && *behind != ')'))
        return 0;
    struct piece all = {reader->at, (size_t)(behind - reader->at)};
    struct specifiers found;
    if (specifiers_parse(reader->arena, all, &found, NULL) < 0)
        return 0;
    all = piece_strip(all);
    int comma_ends = all.size && all.text[all.size - 1] == ',';
    if (found.written != commas + 1 &&
        !(found.written && found.written == commas && comma_ends))
        return 0;
    reader->require->specifiers = found;
    reader->at = behind;
    return 1;
}

static int read_specifiers(struct reader *reader)
{
    CLEANUP_STR struct str text = {0};
    if (read_list(reader))
        return 0;
    for (const char *behind; (behind = specifier_scan(reader->at, reader->end));) {
        str_add_bytes(&text, reader->at, (size_t)(behind - reader->at));
        reader->at = behind;
        skip_blanks(reader);
        if (!take(reader, ','))
            break;
        str_add_char(&text, ',');
        skip_blanks(reader);
    }
    return specifiers_parse(reader->arena, (struct piece){str_text(&text), text.size},
                            &reader->require->specifiers, NULL);
}

static int read_url(struct reader *reader)
{
    skip_blanks(reader);
    const char *start = reader->at;
    while (reader->at < reader->end && !text_space(reader->at, reader->end))
        reader->at++;
    if (reader->at == start || memchr(start, '\0', (size_t)(reader->at - start)))
        return -1; // packaging takes a NUL in a URL, which no URL may have
    reader->require->url = arena_dupn(reader->arena, start, (size_t)(reader->at - start));
    start = reader->at;
    skip_blanks(reader);
    return reader->at == start && start < reader->end ? -1 : 0;
}

static int read_all(struct reader *reader, struct err *err)
{
    struct require *require = reader->require;
    skip_blanks(reader);
    if (read_name(reader, &require->name) < 0)
        return -1;
    require->normal = name_normal(reader->arena, require->name);
    skip_blanks(reader);
    if (read_extras(reader) < 0)
        return -1;
    if (take(reader, '@')) {
        if (read_url(reader) < 0)
            return -1;
    } else if (take(reader, '(')) {
        skip_blanks(reader);
        if (read_specifiers(reader) < 0 || !take(reader, ')'))
            return -1;
    } else if (read_specifiers(reader) < 0) {
        return -1;
    }
    skip_blanks(reader);
    if (take(reader, ';')) {
        struct piece rest = {reader->at, (size_t)(reader->end - reader->at)};
        require->marker = marker_parse(reader->arena, rest, err);
        if (!require->marker)
            return -1;
        reader->at = reader->end;
    }
    return reader->at == reader->end ? 0 : -1;
}

struct require *require_parse(struct arena *arena, struct piece text, struct err *err)
{
    struct require *require = arena_alloc(arena, sizeof *require);
    struct reader reader = {arena, text.text, text.text + text.size, require};
    *require = (struct require){0};
    if (read_all(&reader, err) == 0)
        return require;
    err_set(err, ERR_USAGE, _("the requirement '%.*s' cannot be read (PEP 508) from '%.*s' on"),
            (int)text.size, text.text, (int)(reader.end - reader.at), reader.at);
    return NULL;
}

int require_add(struct str *into, const struct require *require)
{
    CLEANUP_STR struct str text = {0};
    str_add_bytes(&text, require->name.text, require->name.size);
    for (size_t i = 0; i < require->extra_count; i++) {
        str_add(&text, i ? "," : "[");
        str_add_bytes(&text, require->extra[i].text, require->extra[i].size);
    }
    str_add(&text, require->extra_count ? "]" : "");
    specifiers_add(&text, &require->specifiers);
    if (require->url)
        str_print(&text, " @ %s%s", require->url, require->marker ? " " : "");
    if (require->marker) {
        str_add(&text, "; ");
        if (marker_add(&text, require->marker) < 0)
            return -1;
    }
    str_add_bytes(into, text.text, text.size);
    return 0;
}
