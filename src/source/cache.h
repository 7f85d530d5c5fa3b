// SPDX-License-Identifier: Apache-2.0
// cache: pages of indexes and METADATA of their wheels as they were last got, a file each
// (docs/formats.md, "Pages of indexes").
//
// A file that cannot be read or written is no error: it is as if there were none.
#pragma once

#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct cached {                  // free with cached_free
    char *from;                  // where it came from after redirects
    char *type, *etag, *changed; // NULL: not said
    int64_t time;                // when it was got or last found unchanged; Unix seconds
    long max_age;                // seconds; -1: for ever
    struct str body;
};
// `folder` is lopin's cache. 1 if there is one, else 0.
int cache_read(const char *folder, const char *url, struct cached *ret);
void cache_write(const char *folder, const char *url, const struct cached *cached);
int cache_is_fresh(const struct cached *cached, int64_t now);
void cached_free(struct cached *cached);
#define CLEANUP_CACHED CLEANUP(cached_free)
