// SPDX-License-Identifier: Apache-2.0
// sha256: by nettle.
#include "source/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"

static void finish(struct sha256_ctx *context, char ret[SHA256_TEXT])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

void sha256_bytes(struct piece bytes, char ret[SHA256_TEXT])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, bytes.size, (const uint8_t *)bytes.text);
    finish(&context, ret);
}

int sha256_file(const char *path, char ret[SHA256_TEXT], struct err *err)
{
    enum { AT_ONCE = 1 << 18 };
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    CLEANUP_FREE uint8_t *bytes = mem_alloc(AT_ONCE);
    struct sha256_ctx context;
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(err, ERR_SYSTEM, _("'%s' is no file"), path);
    ssize_t size = fd < 0 ? -1 : 0;
    sha256_init(&context);
    while (fd >= 0 && ((size = read(fd, bytes, AT_ONCE)) > 0 || (size < 0 && errno == EINTR)))
        if (size > 0)
            sha256_update(&context, (size_t)size, bytes);
    if (size < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path);
    finish(&context, ret);
    return 0;
}
