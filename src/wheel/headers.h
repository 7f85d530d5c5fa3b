// SPDX-License-Identifier: Apache-2.0
// headers: "Name: value" lines with a text behind them, as METADATA and WHEEL are (core metadata,
// PEP 566; PEP 427), read as Python's email.parser reads them.
//
// Lines end in "\n", "\r\n" or "\r"; one that begins with a blank continues the value before it,
// whose line ends stay in it. What is no header ends the headers. Nothing is refused here.
#pragma once

#include "base/mem.h"
#include "wheel/text.h"

struct header { // points into the text
    struct piece name, value;
    int is_utf8; // the value
};
struct headers {
    struct header *item;
    size_t count;
    struct piece body; // what follows the empty line
};
void headers_parse(struct arena *arena, struct piece text, struct headers *ret);
// The `index`th value of that name (ASCII letters of either case); text NULL if there is none.
struct piece headers_get(const struct headers *headers, const char *name, size_t index);
size_t headers_count(const struct headers *headers, const char *name);
// The line at `*at`, which moves behind its end; with its line end if `whole`. text NULL at the end.
struct piece headers_line(const char **at, const char *end, int whole);
