// SPDX-License-Identifier: Apache-2.0
// help_pages: the man pages as text, made from man/*.scd by script/embed_text.py.
#pragma once

#include <stddef.h>

struct help_page {
    const char *name;     // "lopin", "lopin-map"
    const char *language; // "en", "fr"
    const char *text;     // plain, at most 80 columns, ends in a newline
};
extern const struct help_page help_pages[];
extern const size_t help_pages_count;
