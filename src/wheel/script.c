// SPDX-License-Identifier: Apache-2.0
// script: blocks of metadata in comments, found as PEP 723's regular expression finds them.
#include "wheel/script.h"

#include <string.h>

#include "base/lang.h"
#include "wheel/headers.h"

// "# /// type"
static int is_opening(struct piece line, struct piece *ret_type)
{
    static const char mark[] = "# /// ";
    size_t size = sizeof mark - 1;
    if (line.size <= size || memcmp(line.text, mark, size) != 0)
        return 0;
    for (size_t i = size; i < line.size; i++)
        if (!text_is_alnum(line.text[i]) && line.text[i] != '-')
            return 0;
    *ret_type = (struct piece){line.text + size, line.size - size};
    return 1;
}

static int is_comment(struct piece line)
{
    return line.size && line.text[0] == '#' && (line.size == 1 || line.text[1] == ' ');
}

// Behind the last "# ///" of the comments that begin at `at`, with a line before it; *ret_close is
// where that one begins. NULL if there is none.
static const char *find_close(const char *at, const char *end, const char **ret_close)
{
    const char *behind = NULL, *first = at;
    while (at < end) {
        const char *start = at;
        struct piece line = headers_line(&at, end, 0);
        if (!is_comment(line))
            break;
        if (start > first && piece_is(line, "# ///")) {
            *ret_close = start;
            behind = at;
        }
    }
    return behind;
}

static struct piece uncomment(struct arena *arena, const char *at, const char *end)
{
    CLEANUP_STR struct str text = {0};
    while (at < end) {
        struct piece line = headers_line(&at, end, 0);
        size_t mark = line.size > 1 ? 2 : 1;
        str_add_bytes(&text, line.text + mark, line.size - mark);
        str_add_char(&text, '\n');
    }
    return (struct piece){arena_dupn(arena, str_text(&text), text.size), text.size};
}

int script_block(struct arena *arena, struct piece text, const char *type, struct piece *ret,
                 struct err *err)
{
    const char *at = text.text, *end = at + text.size;
    int found = 0;
    while (at < end) {
        struct piece line = headers_line(&at, end, 0), named;
        const char *close, *behind;
        if (!is_opening(line, &named) || !(behind = find_close(at, end, &close)))
            continue;
        if (piece_is(named, type)) {
            if (found++)
                return err_set(err, ERR_USAGE, _("the script has two blocks '# /// %s'"), type);
            *ret = uncomment(arena, at, close);
        }
        at = behind;
    }
    return found;
}
