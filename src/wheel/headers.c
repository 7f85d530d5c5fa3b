// SPDX-License-Identifier: Apache-2.0
// headers: the header lines of METADATA and WHEEL.
#include "wheel/headers.h"

#include <stdlib.h>
#include <string.h>

// The first newline or carriage return. Piece by piece: a text of many of one and none of the other is not
// searched to its end for each line.
static const char *line_end(const char *at, const char *end)
{
    enum { STEP = 256 };
    while (at < end) {
        size_t size = end - at < STEP ? (size_t)(end - at) : STEP;
        const char *newline = memchr(at, '\n', size);
        size = newline ? (size_t)(newline - at) : size;
        const char *cut = memchr(at, '\r', size);
        if (cut || newline)
            return cut ? cut : newline;
        at += size;
    }
    return end;
}

struct piece headers_line(const char **at, const char *end, int whole)
{
    const char *start = *at;
    if (start >= end)
        return (struct piece){0};
    const char *stop = line_end(start, end);
    *at = stop < end ? stop + 1 : stop;
    if (stop + 1 < end && stop[0] == '\r' && stop[1] == '\n')
        (*at)++;
    return (struct piece){start, (size_t)((whole ? *at : stop) - start)};
}

// Printable ASCII without ':' and ' '. Returns its size, or -1 if no ':' follows.
static long name_size(struct piece line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.text[i] == ':')
            return (long)i;
        if (line.text[i] < '!' || line.text[i] > '~')
            return -1;
    }
    return -1;
}

static int is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct piece trim(struct piece value)
{
    while (value.size &&
           (is_blank(*value.text) || *value.text == '\r' || *value.text == '\n')) {
        value.text++;
        value.size--;
    }
    while (value.size &&
           (value.text[value.size - 1] == '\n' || value.text[value.size - 1] == '\r'))
        value.size--;
    return value;
}

void headers_parse(struct arena *arena, struct piece text, struct headers *ret)
{
    const char *at = text.text, *end = at + text.size, *next = at;
    struct header *items = NULL;
    size_t count = 0, room = 0;
    int open = 0; // a value that a line may continue
    for (; next < end; at = next) {
        struct piece line = headers_line(&next, end, 0);
        long size = name_size(line);
        if (!line.size)
            break; // the empty line, behind which the body begins
        if (is_blank(*line.text)) {
            if (open)
                items[count - 1].value.size =
                    (size_t)(line.text + line.size - items[count - 1].value.text);
            continue;
        }
        open = size > 0;
        if (size < 0 && (line.size < 5 || memcmp(line.text, "From ", 5) != 0)) {
            next = at;
            break;
        }
        if (size <= 0)
            continue; // ": x" and mbox's "From x" are neither headers nor the body
        mem_room(&items, &room, count + 1, sizeof *items);
        items[count++] = (struct header){
            .name = {line.text, (size_t)size},
            .value = {line.text + size + 1, line.size - (size_t)size - 1},
        };
    }
    ret->item = arena_alloc(arena, count * sizeof *items);
    ret->count = count;
    ret->body = (struct piece){next, (size_t)(end - next)};
    for (size_t i = 0; i < count; i++) {
        ret->item[i] = items[i];
        ret->item[i].value = trim(items[i].value);
        ret->item[i].is_utf8 = text_is_utf8(ret->item[i].value);
    }
    free(items);
}

struct piece headers_get(const struct headers *headers, const char *name, size_t index)
{
    for (size_t i = 0; i < headers->count; i++)
        if (piece_like(headers->item[i].name, piece_of(name)) && index-- == 0)
            return headers->item[i].value;
    return (struct piece){0};
}

size_t headers_count(const struct headers *headers, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++)
        count += (size_t)piece_like(headers->item[i].name, piece_of(name));
    return count;
}
