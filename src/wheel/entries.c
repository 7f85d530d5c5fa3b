// SPDX-License-Identifier: Apache-2.0
// entries: entry_points.txt.
#include "wheel/entries.h"

#include <stdlib.h>

#include "base/lang.h"
#include "wheel/headers.h"

int entries_parse(struct arena *arena, struct piece text, struct entries *ret, struct err *err)
{
    const char *at = text.text, *end = at + text.size;
    struct entry *items = NULL;
    struct piece group = {0};
    size_t count = 0, room = 0;
    int result = 0;
    while (at < end && result == 0) {
        struct piece line = piece_strip(headers_line(&at, end, 0));
        if (!line.size || *line.text == '#')
            continue;
        if (*line.text == '[' && line.text[line.size - 1] == ']') {
            group = line;
            while (group.size && (*group.text == '[' || *group.text == ']')) {
                group.text++;
                group.size--;
            }
            while (group.size &&
                   (group.text[group.size - 1] == ']' || group.text[group.size - 1] == '['))
                group.size--;
        } else if (group.text) {
            struct piece value = line, name = piece_cut(&value, '=');
            mem_room(&items, &room, count + 1, sizeof *items);
            if (!value.text)
                result = err_set(err, ERR_USAGE, _("entry_points.txt: '%.*s' is no entry"),
                                 (int)line.size, line.text);
            else
                items[count++] = (struct entry){group, piece_strip(name), piece_strip(value)};
        }
    }
    ret->item = arena_alloc(arena, count * sizeof *items);
    ret->count = count;
    for (size_t i = 0; i < count; i++)
        ret->item[i] = items[i];
    free(items);
    return result;
}

static int is_dotted(struct piece text)
{
    for (struct piece rest = text; rest.text;) {
        struct piece part = piece_cut(&rest, '.');
        if (!part.size || text_is_digit(*part.text) || !text_is_utf8(part))
            return 0;
        for (size_t i = 0; i < part.size; i++)
            if (!text_is_word(part.text[i]))
                return 0;
    }
    return 1;
}

int entry_object(struct piece value, struct piece *ret_module, struct piece *ret_object)
{
    struct piece extras = value, rest = piece_strip(piece_cut(&extras, '['));
    if (extras.text && value.text[value.size - 1] != ']') // they count for nothing any more
        return -1;
    *ret_module = piece_strip(piece_cut(&rest, ':'));
    *ret_object = rest.text ? piece_strip(rest) : rest;
    return rest.text && is_dotted(*ret_module) && is_dotted(*ret_object) ? 0 : -1;
}
