// SPDX-License-Identifier: Apache-2.0
// read: from the end: the trailer has the sizes of the index and its hash, the index those of all
// before it. What is in no frame of the index is not in the file.
#include "image/read.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/lang.h"
#include "image/parts.h"

static const uint64_t max_index = 256 << 20; // two million files

void image_put_number(unsigned char *into, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        into[i] = (unsigned char)(number >> (8 * i));
}

uint64_t image_get_number(const unsigned char *from, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)from[i] << (8 * i);
    return number;
}

void image_index_hash(const unsigned char sizes[16], const void *packed, size_t size,
                      uint8_t ret[IMAGE_SHA256])
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, 16, sizes);
    sha256_update(&hash, size, packed);
    sha256_digest(&hash, IMAGE_SHA256, ret);
}

static int no_image(struct err *err)
{
    return err_set(err, ERR_BAD_IMAGE, _("it is no image, or its end is missing"));
}

static int read_at(int fd, void *into, size_t size, uint64_t at, struct err *err)
{
    while (size) {
        ssize_t got = pread(fd, into, size, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read the image"));
        if (got == 0)
            return no_image(err);
        into = (char *)into + got;
        size -= (size_t)got;
        at += (uint64_t)got;
    }
    return 0;
}

// The trailer, and the size of the packed index.
static int check_trailer(const unsigned char trailer[IMAGE_TRAILER], uint64_t file_size,
                         uint64_t *ret_packed, struct err *err)
{
    *ret_packed = image_get_number(trailer, 8);
    if (memcmp(trailer + 48, IMAGE_MAGIC, 8) != 0 || *ret_packed > max_index ||
        *ret_packed > file_size - IMAGE_SKIP - IMAGE_TRAILER ||
        image_get_number(trailer + 8, 8) > max_index)
        return no_image(err);
    return 0;
}

static int get_size(int fd, uint64_t *ret, struct err *err)
{
    struct stat st;
    *ret = 0;
    if (fstat(fd, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read the image"));
    *ret = (uint64_t)st.st_size;
    return !S_ISREG(st.st_mode) || st.st_size < IMAGE_SKIP + IMAGE_TRAILER ? no_image(err) : 0;
}

// The trailer, the size of the file, and that of the packed index.
static int read_trailer(int fd, unsigned char ret[IMAGE_TRAILER], uint64_t *ret_size,
                        uint64_t *ret_packed, struct err *err)
{
    return get_size(fd, ret_size, err) < 0 ||
                   read_at(fd, ret, IMAGE_TRAILER, *ret_size - IMAGE_TRAILER, err) < 0 ||
                   check_trailer(ret, *ret_size, ret_packed, err) < 0
               ? -1
               : 0;
}

int image_identify(int fd, char ret[IMAGE_HEX + 1], struct err *err)
{
    unsigned char trailer[IMAGE_TRAILER];
    uint64_t size, packed;
    if (read_trailer(fd, trailer, &size, &packed, err) < 0)
        return -1;
    image_hex(trailer + 16, ret);
    return 0;
}

static int unpack_index(const unsigned char *packed, size_t size, size_t raw, struct image *ret,
                        struct err *err)
{
    char *text = arena_alloc(&ret->arena, raw + 1);
    size_t got = ZSTD_decompress(text, raw, packed, size);
    if (ZSTD_isError(got) || got != raw)
        return err_set(err, ERR_BAD_IMAGE, _("its index cannot be unpacked"));
    text[raw] = '\0';
    return image_read_index(text, raw, ret, err);
}

int image_read_tail(const unsigned char *tail, size_t size, uint64_t file_size,
                    struct image *ret, struct err *err)
{
    uint64_t packed;
    uint8_t digest[IMAGE_SHA256];
    if (size < IMAGE_SKIP + IMAGE_TRAILER)
        return no_image(err);
    const unsigned char *trailer = tail + size - IMAGE_TRAILER, *head = tail;
    if (check_trailer(trailer, file_size, &packed, err) < 0)
        return -1;
    if (size != IMAGE_SKIP + packed + IMAGE_TRAILER ||
        image_get_number(head, 4) != IMAGE_SKIP_MAGIC ||
        image_get_number(head + 4, 4) != packed + IMAGE_TRAILER)
        return no_image(err);
    image_index_hash(trailer, head + IMAGE_SKIP, packed, digest);
    if (memcmp(digest, trailer + 16, IMAGE_SHA256) != 0)
        return err_set(err, ERR_BAD_IMAGE, _("its index is damaged"));
    image_hex(digest, ret->identity);
    if (unpack_index(head + IMAGE_SKIP, packed, image_get_number(trailer + 8, 8), ret, err) < 0)
        return -1;
    const struct image_frame *last =
        ret->frame_count ? &ret->frame[ret->frame_count - 1] : NULL;
    if ((last ? last->at + last->packed : 0) + size != file_size)
        return err_set(err, ERR_BAD_IMAGE, _("it has other bytes than its index says"));
    return 0;
}

int image_read(int fd, struct image *ret, struct err *err)
{
    unsigned char trailer[IMAGE_TRAILER];
    uint64_t size, packed;
    if (read_trailer(fd, trailer, &size, &packed, err) < 0)
        return -1;
    size_t tail_size = IMAGE_SKIP + packed + IMAGE_TRAILER;
    CLEANUP_FREE unsigned char *tail = mem_alloc(tail_size);
    if (read_at(fd, tail, tail_size, size - tail_size, err) < 0)
        return -1;
    return image_read_tail(tail, tail_size, size, ret, err);
}
