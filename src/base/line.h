// SPDX-License-Identifier: Apache-2.0
// line: what the text files of a run folder have in common (docs/formats.md, "Lines").
//
// A line is fields with one space between them, bytes other than plain printable ASCII as %XX,
// and last a CRC-32 (that of zlib) of all that stands before the space before it, in 8
// lower-case hexadecimal digits. So a line stands alone. Nothing here fails by memory or by
// what it reads: the bytes are not to be trusted.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

void line_add_number(struct str *into, int64_t number);
void line_add_hex(struct str *into, uint64_t number); // 16 digits
// Adds text with %XX for what is not printable ASCII and for ' ', '%', ',' and '='.
void line_add_text(struct str *into, const char *text);
// Closes the line that begins at into->text + from: a space, the checksum, a newline.
void line_end(struct str *into, size_t from);

// The size of what stands before the checksum of a line without its newline; -1 if it is wrong.
int64_t line_check(const char *line, size_t size);
// A decimal number, perhaps with '-', that fills the text. Returns 0 or -1.
int line_get_number(const char *text, size_t size, int64_t *ret);
// 1 to 16 lower-case hexadecimal digits that fill the text. Returns 0 or -1.
int line_get_hex(const char *text, size_t size, uint64_t *ret);
// Decodes %XX into `out`, which may be `text` itself and needs `size` bytes; no NUL is added.
// Returns the number of bytes, -1 if an %XX is malformed or a byte is 0.
int64_t line_get_text(char *out, const char *text, size_t size);
