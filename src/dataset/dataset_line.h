// SPDX-License-Identifier: Apache-2.0
// dataset_line: the lines of a list of datasets; inside of datasets.c.
#pragma once

#include <stddef.h>

// The next line of bytes: its NUL-terminated text without "\r", empty ones skipped; NULL at the
// end.
struct line_reader {
    char *at, *end;
    char separator; // '\n' or 0
    const char *file;
    size_t number; // of the line returned last
    size_t size;   // of its text
};
char *line_next(struct line_reader *reader);
