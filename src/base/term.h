// SPDX-License-Identifier: Apache-2.0
// term: what a stream is: a terminal, how wide, coloured or not; and writing to it whole.
#pragma once

#include "base/str.h"

enum term_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
struct term {
    int fd;
    int tty;   // a terminal that moves its cursor (not TERM=dumb)
    int color; // by --color, NO_COLOR (no-color.org), TERM
};
void term_open(struct term *term, int fd, enum term_color color);
unsigned term_width(const struct term *term);  // columns now; 80 where it cannot be told
unsigned term_height(const struct term *term); // rows now; 24 where it cannot be told
// Writes all, in one write() where the kernel allows; a stream that is gone is ignored. Returns
// 0, or -1 with errno.
int term_write(const struct term *term, const struct str *text);
// Adds an SGR code ("1;31", "0") if coloured.
void term_style(const struct term *term, struct str *text, const char *code);
// Cuts text (of our own, no escapes) to `columns` code points.
void term_cut(struct str *text, size_t columns);
