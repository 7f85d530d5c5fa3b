// SPDX-License-Identifier: Apache-2.0
// Images: bytes as the end of a file, and as the text of an index. What is read keeps the rules of image.h,
// and is written again as the same.
#include <stdlib.h>
#include <string.h>

#include "image/read.h"
#include "image/tar.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(const struct image *image)
{
    uint64_t at = 0;
    for (size_t i = 0; i < image->member_count; i++) {
        const struct image_member *member = &image->member[i];
        CLEANUP_STR struct str header = {0};
        tar_add_header(&header, member);
        if (*member->path == '/' || strstr(member->path, "//") || !*member->path ||
            str_starts(member->path, "../") || strstr(member->path, "/../") ||
            str_ends(member->path, "/..") || member->at != at ||
            header.size != tar_header_size(member))
            abort();
        at += header.size + tar_padded(tar_content(member));
    }
    if (at + TAR_END != image->size)
        abort();
}

static void read_text(const unsigned char *bytes, size_t size)
{
    struct image image = {0}, again = {0};
    CLEANUP_STR struct str written = {0}, twice = {0};
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size);
    if (image_read_index(text, size, &image, NULL) == 0) {
        check(&image);
        image_write_index(&written, &image);
        CLEANUP_FREE char *copy = mem_dupn(written.text, written.size);
        if (image_read_index(copy, written.size, &again, NULL) < 0)
            abort();
        image_write_index(&twice, &again);
        if (twice.size != written.size || memcmp(twice.text, written.text, twice.size) != 0)
            abort();
    }
    image_free(&image);
    image_free(&again);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct image image = {0};
    if (image_read_tail(bytes, size, size, &image, NULL) == 0)
        check(&image);
    image_free(&image);
    read_text(bytes, size);
    return 0;
}
