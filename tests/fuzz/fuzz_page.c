// SPDX-License-Identifier: Apache-2.0
// A page of an index: JSON if it begins with '{', else HTML. No link leads out of the network.
#include <stdlib.h>
#include <string.h>

#include "source/page.h"
#include "source/url.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    struct page page;
    struct err err = {0};
    const char *type = size && *bytes == '{' ? "application/vnd.pypi.simple.v1+json" : NULL;
    struct piece text = {(const char *)bytes, size};
    if (page_parse(&arena, "https://h/simple/a/", type, text, &page, &err) < 0 &&
        err.code != ERR_FETCH)
        abort();
    for (size_t i = 0; i < page.count; i++) {
        const struct page_link *link = &page.link[i];
        if (!url_is_http(link->url) || strchr(link->name, '/') || !*link->name ||
            (link->sha256 && strlen(link->sha256) != 64))
            abort();
    }
    arena_free(&arena);
    return 0;
}
