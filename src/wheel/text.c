// SPDX-License-Identifier: Apache-2.0
// text: pieces, white space, ASCII letters.
#include "wheel/text.h"

#include <stdint.h>
#include <string.h>

struct piece piece_of(const char *text)
{
    return (struct piece){text, strlen(text)};
}

int piece_is(struct piece piece, const char *text)
{
    return strlen(text) == piece.size && memcmp(piece.text, text, piece.size) == 0;
}

int piece_like(struct piece one, struct piece two)
{
    if (one.size != two.size)
        return 0;
    for (size_t i = 0; i < one.size; i++)
        if (text_lower(one.text[i]) != text_lower(two.text[i]))
            return 0;
    return 1;
}

int piece_compare(struct piece one, struct piece two)
{
    size_t size = one.size < two.size ? one.size : two.size;
    int order = size ? memcmp(one.text, two.text, size) : 0;
    if (order)
        return order < 0 ? -1 : 1;
    return (one.size > two.size) - (one.size < two.size);
}

struct piece piece_strip(struct piece piece)
{
    if (!piece.size)
        return piece;
    const char *end = piece.text + piece.size;
    const char *at = text_skip_space(piece.text, end);
    const char *last = at; // behind the last character that is not white space
    for (const char *p = at; p < end;) {
        size_t space = text_space(p, end);
        p += space ? space : 1;
        if (!space)
            last = p;
    }
    return (struct piece){at, (size_t)(last - at)};
}

struct piece piece_cut(struct piece *rest, char separator)
{
    struct piece first = *rest;
    const char *found = first.size ? memchr(first.text, separator, first.size) : NULL;
    if (!found) {
        *rest = (struct piece){0};
        return first;
    }
    first.size = (size_t)(found - first.text);
    rest->text = found + 1;
    rest->size -= first.size + 1;
    return first;
}

int piece_holds(struct piece piece, char byte)
{
    return piece.size && memchr(piece.text, byte, piece.size) != NULL;
}

static int among(const char *at, const char *first, const char *last)
{
    size_t size = strlen(first);
    return memcmp(at, first, size) >= 0 && memcmp(at, last, size) <= 0;
}

size_t text_space(const char *at, const char *end)
{
    if (at >= end)
        return 0;
    unsigned char byte = (unsigned char)*at;
    if (byte < 0x80)
        return (byte >= 0x09 && byte <= 0x0d) || (byte >= 0x1c && byte <= 0x20);
    if (end - at >= 2 &&
        (among(at, "\xc2\x85", "\xc2\x85") || among(at, "\xc2\xa0", "\xc2\xa0")))
        return 2;
    static const char *const wide[][2] = {
        {"\xe1\x9a\x80", "\xe1\x9a\x80"}, {"\xe2\x80\x80", "\xe2\x80\x8a"},
        {"\xe2\x80\xa8", "\xe2\x80\xa9"}, {"\xe2\x80\xaf", "\xe2\x80\xaf"},
        {"\xe2\x81\x9f", "\xe2\x81\x9f"}, {"\xe3\x80\x80", "\xe3\x80\x80"},
    };
    for (size_t i = 0; end - at >= 3 && i < sizeof wide / sizeof *wide; i++)
        if (among(at, wide[i][0], wide[i][1]))
            return 3;
    return 0;
}

const char *text_skip_space(const char *at, const char *end)
{
    for (size_t size; (size = text_space(at, end)); at += size)
        ;
    return at;
}

size_t text_utf8(const char *at, const char *end)
{
    if (at >= end)
        return 0;
    const unsigned char *byte = (const unsigned char *)at;
    size_t size = *byte < 0x80 ? 1 : *byte < 0xc2 ? 0 : *byte < 0xe0 ? 2 : *byte < 0xf0 ? 3 : 4;
    if (!size || *byte > 0xf4 || (size_t)(end - at) < size)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    // Too long a form, a surrogate, or above U+10FFFF.
    if ((*byte == 0xe0 && byte[1] < 0xa0) || (*byte == 0xed && byte[1] > 0x9f) ||
        (*byte == 0xf0 && byte[1] < 0x90) || (*byte == 0xf4 && byte[1] > 0x8f))
        return 0;
    return size;
}

int text_is_utf8(struct piece piece)
{
    const char *end = piece.text + piece.size;
    for (const char *at = piece.text; at < end;) {
        uint64_t eight;
        if (end - at >= (long)sizeof eight) { // mostly all is ASCII
            memcpy(&eight, at, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                at += sizeof eight;
                continue;
            }
        }
        size_t size = text_utf8(at, end);
        if (!size)
            return 0;
        at += size;
    }
    return 1;
}

int text_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

int text_is_alnum(char byte)
{
    char lower = text_lower(byte);
    return text_is_digit(byte) || (lower >= 'a' && lower <= 'z');
}

int text_is_word(char byte)
{
    return text_is_alnum(byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

char text_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

void text_add_lower(struct str *into, struct piece piece)
{
    for (size_t i = 0; i < piece.size; i++)
        str_add_char(into, text_lower(piece.text[i]));
}
