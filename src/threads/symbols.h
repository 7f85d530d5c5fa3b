// SPDX-License-Identifier: Apache-2.0
// symbols: where a library's exported names lie, and a text among its constants, read from its file (System V
// ABI, GNU's hash table).
//
// For files of this machine's width and byte order, as only these can be in a process. The file is another
// program's and may be anything, or shrink meanwhile: it is read, never mapped, and what it says of itself is
// only followed within bounds.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { SYMBOLS_SEGMENTS = 16 };
struct symbols_segment {
    uint64_t address, offset, file_size, memory_size;
};
struct symbols {
    int fd; // borrowed
    struct symbols_segment segment[SYMBOLS_SEGMENTS];
    size_t segments;
    uint64_t low,
        high; // addresses that it has in memory, before it is moved to where it is loaded
    uint64_t names, names_size, entries,
        hash;          // addresses of its dynamic tables; 0: there is none
    uint64_t sections; // offset in the file; 0: stripped off
    unsigned section_size, section_count;
};
// Returns 0, or -1 if it is no library that this machine loads.
int symbols_open(int fd, struct symbols *ret);
// The address of a defined name. Returns 0, or -1 if it has none.
int symbols_find(const struct symbols *symbols, const char *name, uint64_t *ret);
// The text that begins with these words and a digit, up to a blank or a control byte, among its constants.
// Adds what follows the words. Returns 0, or -1 if there is none.
int symbols_text(const struct symbols *symbols, const char *words, struct str *into);
