// SPDX-License-Identifier: Apache-2.0
// parts: what the files of this room have in common.
#pragma once

#include "image/image.h"

enum {
    IMAGE_FRAME = 8 << 20,      // of the archive in one frame, when packed
    IMAGE_FRAME_MAX = 64 << 20, // when read: each thread has room for one
    IMAGE_SCRIPT_MAX = 1 << 20,
    IMAGE_SKIP = 8,     // what begins a skippable frame: its magic number and its size
    IMAGE_TRAILER = 56, // the last bytes of the file, see read.c
};
#define IMAGE_MAGIC      "lopinimg"
#define IMAGE_SKIP_MAGIC 0x184d2a5cU

// The last bytes of a file: sizes of the index, packed and not, the SHA-256 of these and of the
// packed index, IMAGE_MAGIC.
void image_put_number(unsigned char *into, uint64_t number, size_t bytes); // little endian
uint64_t image_get_number(const unsigned char *from, size_t bytes);
void image_index_hash(const unsigned char sizes[16], const void *packed, size_t size,
                      uint8_t ret[IMAGE_SHA256]);
// Whether a path is of the frame that is made anew where an image is unpacked.
int image_names_own(const char *path);
// The last member that begins at `at` of the archive or before.
size_t image_member_at(const struct image *image, uint64_t at);
