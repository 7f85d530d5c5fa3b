// SPDX-License-Identifier: Apache-2.0
// record: RECORD, the files of an installed project (PEP 376, 427, 627): a line "path,hash,size" of
// CSV each, hash and size perhaps empty.
//
// CSV as Python's csv module writes it. What is lenient there is refused here: three fields a
// line, quotes that close, hashes that are what their name says.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "wheel/text.h"

enum { RECORD_SHA256 = 32 };
struct record_row {
    struct piece path; // NUL-terminated, not empty; may be anything: who opens it checks it
    struct piece hash; // "sha256=..." as written; size 0: none
    int has_sha256;    // else it is none or another: sha384, sha512
    unsigned char sha256[RECORD_SHA256];
    int64_t size; // -1: none
};
struct record_file { // lives in its arena
    struct record_row *row;
    size_t count;
};
// Returns 0, or -1 with [usage], which names the line.
int record_file_parse(struct arena *arena, struct piece text, struct record_file *ret,
                      struct err *err);
// Adds a line. `sha256` NULL and `size` -1: left empty.
void record_file_add(struct str *into, const char *path, const unsigned char *sha256,
                     int64_t size);
