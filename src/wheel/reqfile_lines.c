// SPDX-License-Identifier: Apache-2.0
// reqfile_lines: from the text of a requirements file to logical lines, in the order of pip's steps:
// split, join, comments, variables.
#include <stdlib.h>
#include <string.h>

#include "wheel/reqfile_parts.h"

// The size of the line end at `at`, as Python's str.splitlines has them; 0 if it is none.
static size_t line_end(const char *at, const char *end)
{
    if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
        return 2;
    if ((*at >= '\n' && *at <= '\r') || (*at >= '\x1c' && *at <= '\x1e'))
        return 1;
    if (end - at >= 2 && memcmp(at, "\xc2\x85", 2) == 0)
        return 2;
    if (end - at >= 3 &&
        (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

static struct piece next_line(const char **at, const char *end)
{
    const char *start = *at, *stop = start;
    size_t size = 0;
    while (stop < end && !(size = line_end(stop, end)))
        stop++;
    *at = stop + size;
    return (struct piece){start, (size_t)(stop - start)};
}

// '#' at the beginning or behind white space: where that begins, or the end.
static size_t before_comment(struct piece line)
{
    const char *end = line.text + line.size;
    const char *space = line.text; // where the white space before `at` begins
    for (const char *at = line.text; at < end;) {
        size_t size = text_space(at, end);
        if (*at == '#' && (at == line.text || space < at))
            return (size_t)(space - line.text);
        at += size ? size : 1;
        if (!size)
            space = at;
    }
    return line.size;
}

static int is_comment(struct piece line)
{
    const char *end = line.text + line.size, *at = text_skip_space(line.text, end);
    return at < end && *at == '#';
}

static int is_name(char byte)
{
    return text_is_digit(byte) || byte == '_' || (byte >= 'A' && byte <= 'Z');
}

// "${NAME}" at the beginning: its size, else 0.
static size_t variable_size(const char *at)
{
    size_t size = 2;
    if (at[0] != '$' || at[1] != '{')
        return 0;
    while (is_name(at[size]))
        size++;
    return size > 2 && at[size] == '}' ? size + 1 : 0;
}

static char *replace_all(char *text, struct piece old, const char *new)
{
    struct str result = {0};
    for (char *at = text; *at;) {
        if (strncmp(at, old.text, old.size) == 0) {
            str_add(&result, new);
            at += old.size;
        } else {
            str_add_char(&result, *at++);
        }
    }
    free(text);
    return str_take(&result);
}

// Those that are in the line as it is written; one that is not set, or empty, stays.
static char *replace_variables(const char *line, const struct vars *vars)
{
    char *text = mem_dup(line);
    for (const char *at = line; *at;) {
        size_t size = variable_size(at);
        if (size) {
            CLEANUP_FREE char *name = mem_dupn(at + 2, size - 3);
            const char *value = vars_get(vars, name);
            if (value && *value)
                text = replace_all(text, (struct piece){at, size}, value);
        }
        at += size ? size : 1;
    }
    return text;
}

static void finish(struct arena *arena, struct logical_lines *into, struct str *joined,
                   size_t number, const struct vars *vars)
{
    struct piece line = {str_text(joined), joined->size};
    line.size = before_comment(line);
    line = piece_strip(line);
    if (line.size) {
        CLEANUP_FREE char *plain = mem_dupn(line.text, line.size);
        CLEANUP_FREE char *text = replace_variables(plain, vars);
        mem_room(&into->item, &into->room, into->count + 1, sizeof *into->item);
        into->item[into->count++] =
            (struct logical_line){arena_dup(arena, text), strlen(text), number};
    }
    str_clear(joined);
}

void logical_lines_read(struct arena *arena, struct piece text, const struct vars *vars,
                        struct logical_lines *ret)
{
    CLEANUP_STR struct str joined = {0};
    const char *at = text.text, *end = at + text.size;
    size_t number = 0, first = 0; // first: of the line that is continued, 0: none
    *ret = (struct logical_lines){0};
    while (at < end) {
        struct piece line = next_line(&at, end);
        int comment = is_comment(line);
        number++;
        if (comment || !line.size || line.text[line.size - 1] != '\\') {
            str_add(&joined, comment ? " " : "");
            str_add_bytes(&joined, line.text, line.size);
            finish(arena, ret, &joined, first ? first : number, vars);
            first = 0;
            continue;
        }
        first = first ? first : number;
        while (line.size && line.text[line.size - 1] == '\\')
            line.size--;
        while (line.size && *line.text == '\\') {
            line.text++;
            line.size--;
        }
        str_add_bytes(&joined, line.text, line.size);
    }
    if (first)
        finish(arena, ret, &joined, first, vars);
}
