// SPDX-License-Identifier: Apache-2.0
// unpack: the members of an image become files.
#pragma once

#include "image/image.h"

struct image_unpack {
    unsigned threads; // at least 1
    // What stands in place of "#!python" and the newline behind it.
    const char *first;
};
// Makes all members in the folder `into` (a descriptor), which is empty and nobody else's: each part
// of the file is compared with its hash before it is unpacked, and its headers with the index. On an
// error what was made is left to the caller, who removes the folder. No file is synced. Returns 0, or
// -1 with [bad-image], [disk-full], [system].
int image_unpack(const struct image_unpack *ask, int fd, const struct image *image, int into,
                 struct err *err);
