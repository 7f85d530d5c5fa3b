// SPDX-License-Identifier: Apache-2.0
// literal: Python's string literals without prefix (docs.python.org, "Lexical analysis").
#include "wheel/literal.h"

#include <string.h>

static int hex_value(char byte)
{
    char lower = text_lower(byte);
    if (text_is_digit(byte))
        return byte - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static int add_code(struct str *into, unsigned long code)
{
    if (code < 0x80) {
        str_add_char(into, (char)code);
        return 0;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return -1;
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    str_add_char(into, (char)(first[more] | code >> (6 * more)));
    while (more-- > 0)
        str_add_char(into, (char)(0x80 | (code >> (6 * more) & 0x3f)));
    return 0;
}

// Exactly `count` hexadecimal digits. Returns where they end, or NULL.
static const char *read_hex(const char *at, const char *end, int count, struct str *into)
{
    unsigned long code = 0;
    if (end - at < count)
        return NULL;
    for (int i = 0; i < count; i++, at++) {
        int value = hex_value(*at);
        if (value < 0)
            return NULL;
        code = code << 4 | (unsigned long)value;
    }
    return add_code(into, code) < 0 ? NULL : at;
}

static const char *read_octal(const char *at, const char *end, struct str *into)
{
    unsigned long code = 0;
    for (int i = 0; i < 3 && at < end && *at >= '0' && *at <= '7'; i++, at++)
        code = code << 3 | (unsigned long)(*at - '0');
    add_code(into, code);
    return at;
}

// `at` is behind the backslash. Returns where the escape ends, or NULL.
static const char *read_escape(const char *at, const char *end, struct str *into)
{
    static const char plain[] = "\\'\"abfnrtv", meant[] = "\\'\"\a\b\f\n\r\t\v";
    if (at >= end)
        return NULL; // it would hide the quote
    const char *found = *at ? strchr(plain, *at) : NULL;
    if (found) {
        str_add_char(into, meant[found - plain]);
        return at + 1;
    }
    switch (*at) {
    case '\n': return at + 1; // the line goes on
    case '\r': return at + (end - at > 1 && at[1] == '\n' ? 2 : 1);
    case 'x': return read_hex(at + 1, end, 2, into);
    case 'u': return read_hex(at + 1, end, 4, into);
    case 'U': return read_hex(at + 1, end, 8, into);
    case 'N': return NULL;
    default: break;
    }
    if (*at >= '0' && *at <= '7')
        return read_octal(at, end, into);
    str_add_char(into, '\\'); // no escape: both characters stay
    return at;
}

int literal_read(struct arena *arena, struct piece quoted, struct piece *ret)
{
    CLEANUP_STR struct str text = {0};
    const char *end = quoted.text + quoted.size - 1;
    for (const char *at = quoted.text + 1; at < end;) {
        if (*at == '\n' || *at == '\r' || *at == '\0')
            return -1;
        if (*at != '\\') {
            str_add_char(&text, *at++);
            continue;
        }
        at = read_escape(at + 1, end, &text);
        if (!at)
            return -1;
    }
    *ret = (struct piece){arena_dupn(arena, str_text(&text), text.size), text.size};
    return 0;
}
