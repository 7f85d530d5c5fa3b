// SPDX-License-Identifier: Apache-2.0
// reqfile_parts: the steps of reading a requirements file; inside of reqfile*.c.
#pragma once

#include "wheel/reqfile.h"

struct
    logical_line { // continued ones joined, without comment, ${VARIABLES} replaced; not empty
    char *text;    // in the arena
    size_t size, number;
};
struct logical_lines {
    struct logical_line *item;
    size_t count, room;
};
void logical_lines_read(struct arena *arena, struct piece text, const struct vars *vars,
                        struct logical_lines *ret); // free(ret->item)

// Splits as a POSIX shell does, without expansions or comments. Returns 0, or -1: a quote that is
// not closed, or a backslash at the end.
int words_split(struct piece text, struct strv *into);
// Reads words as options; others are ignored. Returns 0, or -1 with [usage].
int settings_read(struct arena *arena, const struct strv *words, struct reqfile_line *line,
                  struct err *err);

// The text of a file as UTF-8, whatever it is written in: by its byte order mark, else by what its first two
// lines say ("# -*- coding: latin-1 -*-"), as pip reads it. Returns 0, or -1 with [usage].
int reqfile_decode(struct piece text, struct str *ret, struct err *err);
