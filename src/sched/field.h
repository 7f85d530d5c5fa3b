// SPDX-License-Identifier: Apache-2.0
// field: one line of `scontrol -o show`: "Key=value Other=40(9)", read. Any bytes; nothing here fails.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The value of a key, which begins the line or stands behind a blank or '{'; it ends at a blank, '}' or
// the line's end. NULL: the key is not there. Borrowed, of *ret_size bytes.
const char *field_find(const char *line, const char *key, size_t *ret_size);
// The same as a string. Yours; NULL: not there, or empty, or "N/A", "(null)".
char *field_text(const char *line, const char *key);
// The first digits of a text: 16 of "16-32". 0 if it does not begin with one, or the number is absurd.
unsigned long field_number(const char *text);

struct field_limit {
    int64_t most; // -1: no limit
    int64_t used; // 0: not said
};
// "40(9)", "N(9)", "40", "". Returns 1 if there is a limit or a use, 0 if neither.
int field_limit(const char *text, size_t size, struct field_limit *ret);
// The part of "cpu=3(0),mem=N(0)" (slurm.conf(5), TRES) of that name. Memory is in KiB then.
int field_tres(const char *text, size_t size, const char *name, struct field_limit *ret);
