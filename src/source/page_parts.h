// SPDX-License-Identifier: Apache-2.0
// page_parts: what page.c, page_html.c and page_json.c share.
#pragma once

#include "source/page.h"

struct page_reader {
    struct arena *arena;
    const char *url; // of the page, for messages
    const char *base;
    struct page *page;
    size_t room;
    struct err *err;
};
// Adds what `href` leads to, with the rest of `link` (its url and name are set here; sha256 from
// the fragment if it has none).
void page_add(struct page_reader *reader, struct piece href, struct page_link link);
int page_version(struct page_reader *reader, struct piece version); // PEP 629: 0, or -1
// 64 hexadecimal digits as a text in lower case; else NULL.
const char *page_sha256(struct arena *arena, struct piece text);
int page_html(struct page_reader *reader, struct piece text);
int page_json(struct page_reader *reader, struct piece text);
