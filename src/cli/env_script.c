// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/env_image.h"

// Does PREFIX/bin/python... stand at the beginning of the line? Quotes of a shell are passed over.
static int names_python(const char *prefix, const char *line, size_t size)
{
    CLEANUP_STR struct str plain = {0};
    CLEANUP_FREE char *python = mem_print("%s/bin/py", prefix);
    for (size_t i = 0; i < size; i++)
        if (!strchr("\"'\\", line[i]))
            str_add_char(&plain, line[i]);
    CLEANUP_STR struct str wanted = {0};
    for (const char *at = python; *at; at++)
        if (!strchr("\"'\\", *at))
            str_add_char(&wanted, *at);
    return str_starts(str_text(&plain), str_text(&wanted));
}

static const char *line_end(const char *at, const char *end)
{
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return newline ? newline : end;
}

int env_script_of(const char *prefix, const char *text, size_t size, const char **ret_rest)
{
    static const char shell[] = "#!/bin/sh\n'''exec' ", last[] = "' '''";
    const char *end = text + size;
    if (size > 2 && text[0] == '#' && text[1] == '!' &&
        !(size >= strlen(shell) && memcmp(text, shell, strlen(shell)) == 0)) {
        const char *line = line_end(text, end);
        *ret_rest = line < end ? line + 1 : end;
        return names_python(prefix, text + 2, (size_t)(line - text - 2));
    }
    if (size < strlen(shell) || memcmp(text, shell, strlen(shell)) != 0)
        return 0;
    const char *from = text + strlen(shell), *line = line_end(from, end);
    const char *third = line < end ? line + 1 : end, *third_end = line_end(third, end);
    *ret_rest = third_end < end ? third_end + 1 : end;
    return (size_t)(third_end - third) >= strlen(last) &&
           memcmp(third, last, strlen(last)) == 0 &&
           names_python(prefix, from, (size_t)(line - from));
}
