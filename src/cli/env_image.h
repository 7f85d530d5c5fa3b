// SPDX-License-Identifier: Apache-2.0
// env_image: environments and images: the rooms env, store and image composed.
#pragma once

#include "cli/cli.h"
#include "cli/pip.h"
#include "image/pack.h"

// Whether the text of a command is a script for an interpreter in PREFIX/bin, by its first line or
// lines as venv, pip, uv, virtualenv and lopin write them. Then *ret_rest is what follows them.
int env_script_of(const char *prefix, const char *text, size_t size, const char **ret_rest);
// RECORD of what lopin installed names a folder of a package by the link that it is in the
// environment. In an image it is a folder, and each of its files has a row again: with its hash, as
// the store's entry has it. That of a command, whose text names its place, goes. `image` has been gathered from `site`. Returns 0, or -1 with err.
int env_pack_records(const struct site *site, struct image *image, struct err *err);
// Packs an environment (NULL: the active one) into `path` (absolute), and says what is not in it.
// `is_made`: it was made for a line, wherever it is, and gets a command pip where it is unpacked, as those
// in the cache do. *ret (image_free): what is in it. Returns 0, or -1 with err.
int env_pack_image(struct cli *cli, const char *env, int is_made, const char *path,
                   struct image *ret, struct err *err);
// Packs the members of an image into `path` (absolute): beside it, and renamed. Returns 0, or -1 with err.
int env_image_write(const struct image_pack *ask, const char *path, struct image *image,
                    struct err *err);
