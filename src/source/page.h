// SPDX-License-Identifier: Apache-2.0
// page: what an index says of a project, and pages of links (--find-links): HTML (PEP 503, 592,
// 658, 714) and JSON (PEP 691, 700).
//
// Only links to wheels and source archives are kept. A page of a major version that is not ours
// (PEP 629) is refused. Nothing in a page is trusted: names are base names, URLs of pages that
// came from a network are http or https.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "wheel/text.h"

struct page_link {      // NUL-terminated; NULL: not said
    const char *name;   // base name of the file
    const char *url;    // absolute
    const char *sha256; // 64 digits in lower case
    const char *digest; // where there is no sha256: "sha512:0123...", as digest.h has it
    int has_metadata;   // METADATA is at url + ".metadata"
    const char *metadata_sha256;
    const char *requires_python; // as written
    const char *yanked;          // why; "" for no reason
    long long size;              // -1: not said
};
struct page { // lives in its arena
    struct page_link *link;
    size_t count;
    size_t odd; // links that are to neither
};
// `url` is where the page came from after redirects (file: for one of this machine), `type` its
// Content-Type (NULL: HTML). Returns 0, or -1 with [fetch].
int page_parse(struct arena *arena, const char *url, const char *type, struct piece text,
               struct page *ret, struct err *err);
