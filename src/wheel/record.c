// SPDX-License-Identifier: Apache-2.0
// record: RECORD files (PEP 376, 627).
#include "wheel/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
enum { FIELDS = 3, SHA256_TEXT = 43 }; // base64 of 32 bytes without "="

// One field at *at, unquoted, copied. *at moves to what ended it: ',', a line's end, or the end.
// Returns 0, or -1: a quote that does not close, or something behind one that does.
static int read_field(struct arena *arena, const char **at, const char *end, struct piece *ret)
{
    CLEANUP_STR struct str text = {0};
    const char *p = *at;
    int quoted = p < end && *p == '"';
    if (quoted) {
        for (p++;; p++) {
            if (p >= end)
                return -1;
            int doubled = *p == '"' && p + 1 < end && p[1] == '"';
            p += doubled;
            if (*p == '"' && !doubled)
                break;
            str_add_char(&text, *p);
        }
        p++;
    } else {
        for (; p < end && *p != ',' && *p != '\n' && *p != '\r'; p++)
            str_add_char(&text, *p);
    }
    if (p < end && *p != ',' && *p != '\n' && *p != '\r')
        return -1;
    *ret = (struct piece){arena_dupn(arena, str_text(&text), text.size), text.size};
    *at = p;
    return 0;
}

static int read_sha256(struct piece text, unsigned char *ret)
{
    unsigned long bits = 0;
    int held = 0;
    size_t count = 0;
    if (text.size != SHA256_TEXT)
        return -1;
    for (size_t i = 0; i < text.size; i++) {
        const char *digit = text.text[i] ? strchr(digits64, text.text[i]) : NULL;
        if (!digit)
            return -1;
        bits = (bits << 6 | (unsigned long)(digit - digits64)) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            ret[count++] = (unsigned char)(bits >> held);
        }
    }
    return bits & ((1UL << held) - 1) ? -1 : 0; // the bits that are left over are 0
}

static int read_hash(struct piece text, struct record_row *row)
{
    struct piece value = text, name = piece_cut(&value, '=');
    row->hash = text;
    if (!text.size)
        return 0;
    if (!name.size || !value.size)
        return -1;
    row->has_sha256 = piece_is(name, "sha256");
    return row->has_sha256 ? read_sha256(value, row->sha256) : 0;
}

static int read_size(struct piece text, int64_t *ret)
{
    *ret = text.size ? 0 : -1;
    if (text.size > 18)
        return -1;
    for (size_t i = 0; i < text.size; i++) {
        if (!text_is_digit(text.text[i]))
            return -1;
        *ret = *ret * 10 + (text.text[i] - '0');
    }
    return 0;
}

static int read_row(struct arena *arena, const char **at, const char *end,
                    struct record_row *row)
{
    struct piece field[FIELDS];
    for (int i = 0; i < FIELDS; i++) {
        if (read_field(arena, at, end, &field[i]) < 0)
            return -1;
        int more = *at < end && **at == ',';
        if (more != (i < FIELDS - 1))
            return -1;
        *at += more;
    }
    *row = (struct record_row){.path = field[0]};
    if (!row->path.size || strlen(row->path.text) != row->path.size)
        return -1;
    return read_hash(field[1], row) < 0 ? -1 : read_size(field[2], &row->size);
}

int record_file_parse(struct arena *arena, struct piece text, struct record_file *ret,
                      struct err *err)
{
    const char *at = text.text, *end = at + text.size;
    struct record_row *rows = NULL;
    size_t count = 0, room = 0, line = 1;
    int result = 0;
    while (at < end && result == 0) {
        const char *start = at;
        if (*at == '\n' || *at == '\r') { // the end of a line, and empty lines
            line += *at == '\n';
            at++;
            continue;
        }
        mem_room(&rows, &room, count + 1, sizeof *rows);
        if (read_row(arena, &at, end, &rows[count]) < 0)
            result = err_set(err, ERR_USAGE, _("RECORD, line %zu: not 'path,hash,size'"), line);
        for (; start < at; start++)
            line += *start == '\n'; // inside of quotes
        count++;
    }
    if (result == 0) {
        ret->row = arena_alloc(arena, count * sizeof *rows);
        ret->count = count;
        for (size_t i = 0; i < count; i++)
            ret->row[i] = rows[i];
    }
    free(rows);
    return result;
}

void record_file_add(struct str *into, const char *path, const unsigned char *sha256,
                     int64_t size)
{
    int quote = path[strcspn(path, ",\"\r\n")] != '\0';
    str_add(into, quote ? "\"" : "");
    for (const char *at = path; *at; at++) {
        if (*at == '"')
            str_add_char(into, '"');
        str_add_char(into, *at);
    }
    str_add(into, quote ? "\"," : ",");
    if (sha256) {
        str_add(into, "sha256=");
        for (int bit = 0; bit < RECORD_SHA256 * 8; bit += 6) {
            unsigned two = (unsigned)sha256[bit / 8] << 8;
            if (bit / 8 + 1 < RECORD_SHA256)
                two |= sha256[bit / 8 + 1];
            str_add_char(into, digits64[two >> (10 - bit % 8) & 63]);
        }
    }
    str_add_char(into, ',');
    if (size >= 0)
        str_print(into, "%" PRId64, size);
    str_add_char(into, '\n');
}
