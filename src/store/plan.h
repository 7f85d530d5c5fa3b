// SPDX-License-Identifier: Apache-2.0
// plan: what unpacking a wheel will make, with all that can be checked before its first file is
// written: names, schemes (PEP 427, ".data"), METADATA, WHEEL, entry points, and that RECORD lists
// exactly the files that are there.
#pragma once

#include "store/manifest.h"
#include "wheel/record.h"
#include "wheel/zip.h"

struct plan { // lives in its arena and in the wheel's bytes
    struct zip zip;
    struct manifest manifest; // hashes of files: NULL until plan_check_hash sets them
    // of each file of the manifest; NULL: bytecode, made later
    const struct zip_entry **entry;
    const struct record_row **row; // NULL: RECORD itself and its signatures
    uint64_t bytes;                // of files
};
// `wheel` is the base name of its file, `sha256` of its bytes in hexadecimal, `python` the cache tag
// of bytecode to make room for, or NULL. Returns 0, or -1 with [bad-wheel].
int plan_make(struct arena *arena, struct piece bytes, const char *wheel, const char *sha256,
              const char *python, struct inflater *inflater, struct plan *ret, struct err *err);
// Compares a file's content with RECORD; writes its SHA-256 into `ret`. Returns 0, or -1 with
// [bad-wheel].
int plan_check_hash(const struct plan *plan, size_t file, struct piece content,
                    char ret[MANIFEST_HASH + 1], struct err *err);
// SHA-256 as RECORD has it.
void plan_hash(struct piece content, char ret[MANIFEST_HASH + 1]);
