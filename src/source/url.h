// SPDX-License-Identifier: Apache-2.0
// url: URLs (RFC 3986) as far as indexes need them: cut, joined, decoded, and shown without
// passwords.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wheel/text.h"

struct url { // pieces of the text; text NULL: that part is absent, unlike empty
    struct piece scheme, user, host, port, path, query, fragment;
    int has_authority;
};
void url_cut(struct piece text, struct url *ret);
// What `reference` means in a page at `base`: absolute, without "." and "..". Lives in the arena.
const char *url_join(struct arena *arena, const char *base, struct piece reference);
// Whether it begins with a scheme and "://", or "file:".
int url_is(const char *text);
int url_is_http(const char *text); // http or https
// The path of a file: URL of this machine, decoded. Yours. NULL with [usage].
char *url_file(const char *url, struct err *err);
char *url_of_path(const char *path); // absolute; "file:///...". Yours.
// Adds the last part of the path, decoded. Returns 0, or -1: there is none, or it holds '/', NUL
// or is "." or "..".
int url_add_name(struct str *into, const char *url);
// Adds the URL for a person: without user, password and fragment, control bytes made visible.
void url_add_shown(struct str *into, const char *url);
// The URL without user and password, as what it is known by. Yours.
char *url_plain(const char *url);
// Scheme, host and port are the same.
int url_same_server(const char *one, const char *two);
// The value of "name=" among the fragment's fields, decoded. Yours, NULL if absent.
char *url_fragment(const char *url, const char *name);
