// SPDX-License-Identifier: Apache-2.0
// name: normal names (PEP 503).
#include "wheel/name.h"

static int separates(char byte)
{
    return byte == '-' || byte == '_' || byte == '.';
}

void name_add_normal(struct str *into, struct piece name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (!separates(name.text[i]))
            str_add_char(into, text_lower(name.text[i]));
        else if (i == 0 || !separates(name.text[i - 1]))
            str_add_char(into, '-');
    }
}

struct piece name_normal(struct arena *arena, struct piece name)
{
    CLEANUP_STR struct str text = {0};
    name_add_normal(&text, name);
    return (struct piece){arena_dupn(arena, str_text(&text), text.size), text.size};
}

int name_valid(struct piece name)
{
    if (!name.size || !text_is_alnum(name.text[0]) || !text_is_alnum(name.text[name.size - 1]))
        return 0;
    for (size_t i = 0; i < name.size; i++)
        if (!text_is_alnum(name.text[i]) && !separates(name.text[i]))
            return 0;
    return 1;
}
