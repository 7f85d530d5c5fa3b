// SPDX-License-Identifier: Apache-2.0
// gather: the members of an image: the files of an environment, real ones in place of links that
// lead out of it.
#pragma once

#include "image/image.h"

struct image_gather {
    const char *prefix; // absolute
    void *context;
    // Whether a path is not to be in the image.
    int (*skip)(void *context, const char *path);
    // A program of bin: 1 if it is a script for the environment's interpreter, with "#!python" and
    // what follows its first line in `ret`; else 0.
    int (*script)(void *context, const char *text, size_t size, struct str *ret);
    // A link that leads out of the environment, to `real`, whose content is in the image.
    void (*followed)(void *context, const char *path, const char *real);
    // What cannot be in an image: why, translated.
    void (*left_out)(void *context, const char *path, const char *why);
};
// Adds the members. Returns 0, or -1 with err: it cannot be read, or [bad-image]: it has what no
// image may have.
int image_gather(const struct image_gather *ask, struct image *ret, struct err *err);
