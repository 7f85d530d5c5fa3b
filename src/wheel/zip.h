// SPDX-License-Identifier: Apache-2.0
// zip: the archive that a wheel is (PKWARE's APPNOTE 6.3.10; PEP 427 allows stored and deflated
// entries): bytes in, entries and their contents out.
//
// The central directory is what counts; whatever else the archive says must agree with it: local
// headers, data descriptors, zip64 records. Entries do not overlap, and the end record ends the
// file, so that no other reader sees another archive. Names are as written: zip_check_name says
// which ones may become files.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "wheel/text.h"

struct zip_entry {
    struct piece name;     // points into the archive; a folder's ends in '/'
    uint64_t size, packed; // bytes, unpacked and in the archive
    uint64_t header;       // where its local header is
    uint64_t data;         // where its bytes are
    uint32_t crc;
    uint32_t mode; // st_mode of Unix; 0 where the archive has none
    unsigned flags;
    int deflated; // else stored
};
struct zip { // lives in its arena and in the bytes
    struct piece bytes;
    struct zip_entry *entry; // in the order of the central directory
    size_t count;
    uint64_t total; // of the sizes
};
// Reads and checks all of it but the contents. Returns 0, or -1 with [bad-wheel].
int zip_open(struct arena *arena, struct piece bytes, struct zip *ret, struct err *err);
// The entry NAME.dist-info/`file`, whatever NAME is, by one pass over the central directory. There
// must be exactly one. Returns 0, or -1 with [bad-wheel].
int zip_find(struct piece bytes, const char *file, struct zip_entry *ret, struct err *err);

int zip_is_folder(const struct zip_entry *entry);
// Neither a file nor a folder: a symbolic link, a device, ...
int zip_is_special(const struct zip_entry *entry);
// Whether a file of that name can only come to lie inside its target: relative, no "..", "." or
// empty part, no backslash, no control byte, UTF-8, at most 64 parts of at most 255 bytes each, 1,024
// in all. NULL, or what is wrong with it, translated.
const char *zip_check_name(struct piece name);

// Contents; one for each thread.
struct inflater;
struct inflater *inflater_new(void);
void inflater_free(struct inflater *inflater); // NULL is fine
#define CLEANUP_INFLATER CLEANUP(inflater_free_at)
void inflater_free_at(struct inflater **inflater);
// The content of an entry, whose size and CRC are checked; it points into the archive or into the
// inflater, where it is good until the next call. At most `limit` bytes: more is refused before
// anything is unpacked. Returns 0, or -1 with [bad-wheel].
int zip_read(struct inflater *inflater, struct piece bytes, const struct zip_entry *entry,
             uint64_t limit, struct piece *ret, struct err *err);
// The same, into `out`, which has room for entry->size bytes.
int zip_read_into(struct inflater *inflater, struct piece bytes, const struct zip_entry *entry,
                  void *out, struct err *err);
