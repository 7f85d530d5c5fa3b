// SPDX-License-Identifier: Apache-2.0
// digest: by nettle.
#include "source/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/nettle-meta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "source/url.h"

// Those of pip's _SUPPORTED_HASHES; what a requirements file may say is reqfile's.
const char *const digest_algorithms[] = {"sha512", "sha384", "sha256", "sha224",
                                         "sha1",   "md5",    NULL};

enum { MOST_BYTES = 64 };

struct digest {
    const struct nettle_hash *hash;
    void *context;
};

static struct digest begin(const char *algorithm)
{
    const struct nettle_hash *hash = nettle_lookup_hash(algorithm);
    struct digest digest = {hash, mem_alloc(hash->context_size)};
    hash->init(digest.context);
    return digest;
}

static void end(struct digest *digest, char *ret)
{
    uint8_t bytes[MOST_BYTES];
    digest->hash->digest(digest->context, digest->hash->digest_size, bytes);
    for (size_t i = 0; i < digest->hash->digest_size; i++)
        snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
    free(digest->context);
}

void sha256_bytes(struct piece bytes, char ret[SHA256_TEXT])
{
    struct digest digest = begin("sha256");
    digest.hash->update(digest.context, bytes.size, (const uint8_t *)bytes.text);
    end(&digest, ret);
}

static int hash_file(const char *path, const char *algorithm, char *ret, struct err *err)
{
    enum { AT_ONCE = 1 << 18 };
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    CLEANUP_FREE uint8_t *bytes = mem_alloc(AT_ONCE);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(err, ERR_SYSTEM, _("'%s' is no file"), path);
    ssize_t size = fd < 0 ? -1 : 0;
    int why = errno;
    struct digest digest = begin(algorithm);
    while (fd >= 0 && ((size = read(fd, bytes, AT_ONCE)) > 0 || (size < 0 && errno == EINTR)))
        if (size > 0)
            digest.hash->update(digest.context, (size_t)size, bytes);
    if (fd >= 0)
        why = errno;
    end(&digest, ret);
    return size < 0 ? err_errno(err, ERR_SYSTEM, why, _("cannot read '%s'"), path) : 0;
}

int sha256_file(const char *path, char ret[SHA256_TEXT], struct err *err)
{
    return hash_file(path, "sha256", ret, err);
}

const char *digest_text(struct arena *arena, const char *algorithm, struct piece digits)
{
    const struct nettle_hash *hash = NULL;
    for (size_t i = 0; digest_algorithms[i]; i++)
        if (strcmp(digest_algorithms[i], algorithm) == 0)
            hash = nettle_lookup_hash(algorithm);
    if (!hash || digits.size != 2 * (size_t)hash->digest_size)
        return NULL;
    CLEANUP_FREE char *text = mem_print("%s:%.*s", algorithm, (int)digits.size, digits.text);
    for (char *at = text + strlen(algorithm) + 1; *at; at++) {
        *at = text_lower(*at);
        if (!text_is_digit(*at) && (*at < 'a' || *at > 'f'))
            return NULL;
    }
    return arena_dup(arena, text);
}

const char *digest_of_url(struct arena *arena, const char *url)
{
    for (size_t i = 0; digest_algorithms[i]; i++) {
        CLEANUP_FREE char *digits = url_fragment(url, digest_algorithms[i]);
        const char *text =
            digits ? digest_text(arena, digest_algorithms[i], piece_of(digits)) : NULL;
        if (text)
            return text;
    }
    return NULL;
}

char *digest_wanted(const char *sha256, const char *digest)
{
    return sha256 ? mem_print("sha256:%s", sha256) : digest ? mem_dup(digest) : NULL;
}

int digest_fits(const char *path, const char *const *digests, size_t count,
                char ret[DIGEST_TEXT], struct err *err)
{
    *ret = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t name = strcspn(digests[i], ":");
        int is_same = *ret && strncmp(ret, digests[i], name + 1) == 0; // it is hashed once
        char algorithm[16];
        snprintf(algorithm, sizeof algorithm, "%.*s", (int)name, digests[i]);
        if (!is_same) {
            memcpy(ret, digests[i], name + 1);
            if (hash_file(path, algorithm, ret + name + 1, err) < 0)
                return -1;
        }
        if (strcmp(ret, digests[i]) == 0)
            return 1;
    }
    return 0;
}
