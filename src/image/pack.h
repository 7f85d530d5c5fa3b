// SPDX-License-Identifier: Apache-2.0
// pack: members become the file of an image.
#pragma once

#include "image/image.h"

struct image_pack {
    const char *prefix; // absolute: where the members' files are
    unsigned threads;   // at least 1
    int minor;          // of its Python 3: how bytecode holds the time of its source
};
// Writes it to `fd`, a new empty file: fills frames, hashes, identity. Returns 0, or -1 with err.
int image_pack(const struct image_pack *ask, int fd, struct image *image, struct err *err);
