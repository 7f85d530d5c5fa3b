// SPDX-License-Identifier: Apache-2.0
// line: numbers, texts and checksums of the run folder's lines (docs/formats.md, "Lines").
//
// Without printf: a journal line is written while slots wait, 100,000 of them are read before a
// resume. Invariant: what line_add_* wrote, line_get_* gives back, byte for byte.
#include "base/line.h"

#include <libdeflate.h>
#include <string.h>

static const char hex_digit[] = "0123456789abcdef";

// 1 + the value of a digit; 0: it is none. Capitals are not ours: one value has one spelling.
static const uint8_t hex_known[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
    ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
    ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

// 0-15, or -1.
static int hex_value(char digit)
{
    return hex_known[(unsigned char)digit] - 1;
}

void line_add_number(struct str *into, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof(digits);
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    str_add_bytes(into, at, (size_t)(digits + sizeof(digits) - at));
}

static void hex_put(char *out, int digits, uint64_t number)
{
    while (digits-- > 0) {
        out[digits] = hex_digit[number & 15];
        number >>= 4;
    }
}

void line_add_hex(struct str *into, uint64_t number)
{
    char digits[16];

    hex_put(digits, 16, number);
    str_add_bytes(into, digits, sizeof(digits));
}

static int is_plain(unsigned char byte)
{
    return byte > ' ' && byte < 127 && byte != '%' && byte != ',' && byte != '=';
}

void line_add_text(struct str *into, const char *text)
{
    while (*text != '\0') {
        const char *end = text;

        while (is_plain((unsigned char)*end))
            end++;
        if (end > text)
            str_add_bytes(into, text, (size_t)(end - text));
        for (text = end; *text != '\0' && !is_plain((unsigned char)*text); text++) {
            unsigned char byte = (unsigned char)*text;
            char coded[3] = {'%', hex_digit[byte >> 4], hex_digit[byte & 15]};

            str_add_bytes(into, coded, sizeof(coded));
        }
    }
}

void line_end(struct str *into, size_t from)
{
    char tail[10] = " ";

    hex_put(tail + 1, 8, libdeflate_crc32(0, into->text + from, into->size - from));
    tail[9] = '\n';
    str_add_bytes(into, tail, sizeof(tail));
}

int64_t line_check(const char *line, size_t size)
{
    uint64_t written;

    if (size < 10 || line[size - 9] != ' ')
        return -1;
    if (line_get_hex(line + size - 8, 8, &written) < 0)
        return -1;
    if (libdeflate_crc32(0, line, size - 9) != (uint32_t)written)
        return -1;
    return (int64_t)(size - 9);
}

int line_get_number(const char *text, size_t size, int64_t *ret)
{
    int64_t number = 0;
    int minus = size > 0 && text[0] == '-';
    size_t i = minus;

    if (i == size)
        return -1;
    for (; i < size; i++) { // counted downwards: INT64_MIN has no positive
        if (text[i] < '0' || text[i] > '9')
            return -1;
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, text[i] - '0', &number))
            return -1;
    }
    if (!minus && number == INT64_MIN)
        return -1;
    *ret = minus ? number : -number;
    return 0;
}

int line_get_hex(const char *text, size_t size, uint64_t *ret)
{
    uint64_t number = 0;

    if (size == 0 || size > 16)
        return -1;
    for (size_t i = 0; i < size; i++) {
        int value = hex_value(text[i]);

        if (value < 0)
            return -1;
        number = number << 4 | (uint64_t)value;
    }
    *ret = number;
    return 0;
}

int64_t line_get_text(char *out, const char *text, size_t size)
{
    size_t put = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] != '%' && text[i] != '\0') {
            out[put++] = text[i];
            continue;
        }
        if (text[i] == '\0' || size - i < 3)
            return -1;
        int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);

        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return -1;
        out[put++] = (char)(high << 4 | low);
        i += 2;
    }
    return (int64_t)put;
}
