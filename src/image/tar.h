// SPDX-License-Identifier: Apache-2.0
// tar: what stands in the archive before and behind a member's content (POSIX.1-2001, pax).
#pragma once

#include "image/image.h"

enum { TAR_BLOCK = 512, TAR_END = 2 * TAR_BLOCK };

// Adds the member's header: one block, or three and more where its names or size need records of
// pax.
void tar_add_header(struct str *into, const struct image_member *member);
uint64_t tar_header_size(const struct image_member *member);
// Bytes of content in the archive, without and with what fills its last block.
uint64_t tar_content(const struct image_member *member);
uint64_t tar_padded(uint64_t size);
