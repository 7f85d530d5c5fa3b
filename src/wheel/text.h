// SPDX-License-Identifier: Apache-2.0
// text: what the formats of this room have in common: pieces of text, white space, ASCII letters.
//
// White space is what Python's regular expressions and str.strip() take for it (Unicode's, and
// U+001C to U+001F), since that is what the oracle of these formats, `packaging`, uses. Letters
// change their case in ASCII only.
#pragma once

#include <stddef.h>

#include "base/str.h"

struct piece { // borrowed; not NUL-terminated
    const char *text;
    size_t size;
};
struct piece piece_of(const char *text);
int piece_is(struct piece piece, const char *text);
// Equal but for the case of ASCII letters.
int piece_like(struct piece one, struct piece two);
int piece_compare(struct piece one, struct piece two); // by bytes: -1, 0, 1
struct piece piece_strip(struct piece piece);          // without white space around it
// Cuts off and returns what stands before `separator`; all of it (`rest` is then {NULL, 0}) if
// there is none.
struct piece piece_cut(struct piece *rest, char separator);
int piece_holds(struct piece piece, char byte);

// The size of the white space character at `at`, 0 if it is none.
size_t text_space(const char *at, const char *end);
const char *text_skip_space(const char *at, const char *end);
// The size of the UTF-8 character at `at`; 0 if it is none.
size_t text_utf8(const char *at, const char *end);
int text_is_utf8(struct piece piece);

int text_is_digit(char byte);
int text_is_alnum(char byte); // ASCII
int text_is_word(char byte);  // ASCII letters, digits, '_', and every byte above 127
char text_lower(char byte);
void text_add_lower(struct str *into, struct piece piece);
