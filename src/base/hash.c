// SPDX-License-Identifier: Apache-2.0
// hash: SHA-256 of parts and of files.
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"

void hash_begin(struct hash *hash)
{
    sha256_init(&hash->ctx);
}

void hash_part(struct hash *hash, const void *bytes, size_t size)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(size >> (8 * i));
    sha256_update(&hash->ctx, sizeof length, length);
    sha256_update(&hash->ctx, size, bytes);
}

void hash_text(struct hash *hash, const char *text)
{
    if (text)
        hash_part(hash, text, strlen(text));
    else
        sha256_update(&hash->ctx, 8, (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff");
}

uint64_t hash_end(struct hash *hash)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&hash->ctx, sizeof digest, digest);
    uint64_t first = 0;
    for (int i = 0; i < 8; i++)
        first = first << 8 | digest[i];
    return first;
}

int hash_file(int dir, const char *path, uint64_t *ret, struct err *err)
{
    CLEANUP_CLOSE int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path);
    struct hash hash;
    hash_begin(&hash);
    uint8_t block[65536];
    for (;;) {
        ssize_t size = read(fd, block, sizeof block);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path);
        if (size == 0)
            break;
        sha256_update(&hash.ctx, (size_t)size, block);
    }
    *ret = hash_end(&hash);
    return 0;
}

int hash_program(const char *path, uint64_t *ret, struct err *err)
{
    if (access(path, R_OK) == 0 || errno != EACCES)
        return hash_file(AT_FDCWD, path, ret, err);
    *ret = 0;
    return 0;
}
