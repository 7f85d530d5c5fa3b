// SPDX-License-Identifier: Apache-2.0
// read: the file of an image, and its index.
#pragma once

#include "image/image.h"

// The identity of an image by its last bytes alone, which is enough to find what was unpacked of it.
// Returns 0, or -1 with err: [bad-image], or it cannot be read.
int image_identify(int fd, char ret[IMAGE_HEX + 1], struct err *err);
// Reads and checks the index. Returns 0, or -1 with [bad-image], [run-format]; image_free also then.
int image_read(int fd, struct image *ret, struct err *err);
// The same of bytes in memory, for tests.
int image_read_tail(const unsigned char *tail, size_t size, uint64_t file_size,
                    struct image *ret, struct err *err);
