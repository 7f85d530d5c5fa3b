// SPDX-License-Identifier: Apache-2.0
// str: a growing string, a list of strings, and the quotings that we write.
//
// Bytes, not characters: names of files are any bytes but NUL and '/'. text is always
// NUL-terminated once something was added.
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct str { // zero-initialise to begin; text is NULL while empty and never written
    char *text;
    size_t size; // without the NUL
    size_t room;
};
void str_add(struct str *str, const char *text);
void str_add_bytes(struct str *str, const void *bytes, size_t size);
void str_add_char(struct str *str, char byte);
void str_print(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_vprint(struct str *str, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));
void str_clear(struct str *str); // empty, keeps its room
void str_free(struct str *str);  // as zero-initialised
char *str_take(struct str *str); // the text, yours ("" if nothing was added); str is empty
const char *str_text(const struct str *str); // text or ""
#define CLEANUP_STR CLEANUP(str_free)

// A list of strings of its own, always followed by NULL once something was added.
struct strv { // zero-initialise to begin
    char **item;
    size_t count;
    size_t room;
};
void strv_add(struct strv *list, const char *text);            // copies
void strv_add_all(struct strv *list, const struct strv *more); // copies of all of them
void strv_take(struct strv *list, char *text);                 // takes it over
// adds the parts, empty ones too
void strv_split(struct strv *list, const char *text, char separator);
int strv_has(const struct strv *list, const char *text);
void strv_free(struct strv *list);
#define CLEANUP_STRV CLEANUP(strv_free)

// Adds a word as a POSIX shell takes it: plain if it needs no quotes, else '...' ($'..' for
// control bytes).
void str_add_shell(struct str *str, const char *word);
// Adds text in double quotes, with a backslash before those and before backslashes: what Lua, TOML and a line of
// #SBATCH take. Control bytes are added as they are.
void str_add_quoted(struct str *str, const char *text);
// Adds bytes with all but printable ASCII, and '%', ' ' and those of `also`, as %XX.
void str_add_percent(struct str *str, const char *bytes, size_t size, const char *also);
// The reverse, into `str`. Returns 0, or -1 if a %XX is malformed (str is then as before).
int str_add_unpercent(struct str *str, const char *text, size_t size);
// Adds text for a terminal: control bytes and broken UTF-8 as \xNN, so that no name can move
// the cursor.
void str_add_visible(struct str *str, const char *bytes, size_t size);

int str_starts(const char *text, const char *prefix);
int str_ends(const char *text, const char *suffix);
// An unsigned decimal that fills the whole text. Returns 0, or -1.
int str_number(const char *text, unsigned long max, unsigned long *ret);
// Number of columns that the UTF-8 text takes on a terminal (one a code point: enough for our
// own messages).
size_t str_columns(const char *text);
