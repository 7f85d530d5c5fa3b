// SPDX-License-Identifier: Apache-2.0
// maps: "BEGIN-END PERMISSIONS OFFSET DEVICE INODE   PATH", a line a mapping; a library has four or five
// of them side by side.
#include "threads/maps.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char deleted[] = " (deleted)";

// Behind the word that ends at a blank and the blanks after it; NULL at the end.
static const char *skip_word(const char *at, const char *end)
{
    at = memchr(at, ' ', (size_t)(end - at));
    while (at && at < end && *at == ' ')
        at++;
    return at && at < end ? at : NULL;
}

static int hex(const char **at, const char *end, uint64_t *ret)
{
    const char *start = *at;
    uint64_t value = 0;
    for (; *at < end && isxdigit((unsigned char)**at); ++*at) {
        int byte = tolower((unsigned char)**at);
        value = value << 4 | (uint64_t)(byte <= '9' ? byte - '0' : byte - 'a' + 10);
    }
    *ret = value;
    return *at > start && *at < end ? 0 : -1;
}

// Returns 0, or -1 for a line that maps no file.
static int read_line(const char *at, const char *end, struct maps_file *ret)
{
    *ret = (struct maps_file){0};
    if (hex(&at, end, &ret->begin) < 0 || !(at = skip_word(at, end)) ||
        !(at = skip_word(at, end)) || hex(&at, end, &ret->offset) < 0 ||
        !(at = skip_word(at, end)) || !(at = skip_word(at, end)))
        return -1;
    while (at < end && isdigit((unsigned char)*at))
        ret->inode = ret->inode * 10 + (uint64_t)(*at++ - '0');
    at = at < end && *at == ' ' ? skip_word(at, end) : NULL;
    if (!at || *at != '/' || !ret->inode)
        return -1;
    size_t size = (size_t)(end - at), suffix = sizeof deleted - 1;
    ret->deleted = size > suffix && memcmp(end - suffix, deleted, suffix) == 0;
    ret->path = at;
    ret->path_size = size - (ret->deleted ? suffix : 0);
    return 0;
}

void maps_read(const char *text, size_t size, maps_each *each, void *context)
{
    const char *stop = text + size;
    struct maps_file last = {0};
    for (const char *line = text; line < stop;) {
        const char *newline = memchr(line, '\n', (size_t)(stop - line));
        const char *end = newline ? newline : stop;
        struct maps_file file;
        if (read_line(line, end, &file) == 0 &&
            (!last.path || file.inode != last.inode || file.path_size != last.path_size ||
             memcmp(file.path, last.path, file.path_size) != 0)) {
            last = file;
            each(context, &file);
        }
        line = end + 1;
    }
}
