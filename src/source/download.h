// SPDX-License-Identifier: Apache-2.0
// download: files of indexes in lopin's cache, a folder each (docs/formats.md, "Downloads").
//
// What is not whole yet is named after who gets it and the ETag that it began with; a later start
// takes over what a dead one left and asks for the rest (RFC 9110, Range). Whole files have their
// own name, and stay.
#pragma once

#include "base/err.h"
#include "source/net.h"

struct download {                    // free with download_done
    const char *url, *name, *sha256; // borrowed; sha256 NULL: not said
    const char *digest; // borrowed; where there is no sha256: "sha512:0123...", or NULL
    long long size;     // -1: not said
    char *path;         // where it is, or will be
    int here;           // it was there already
    struct net_request request;
    char *folder, *part, *had;
};
// Whether it is here already, else makes the request for what is missing. Returns 0, or -1 with
// [disk-full], [system].
int download_begin(struct download *download, const char *cache, struct err *err);
// After net_run: checks it and gives it its name. Returns 0, or -1 with [fetch], [bad-wheel],
// [disk-full].
int download_end(struct download *download, struct err *err);
void download_done(struct download *download);
