// SPDX-License-Identifier: Apache-2.0
// term: facts of a terminal (ioctl_tty(2), ECMA-48 for the codes).
#include "base/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fs.h"

void term_open(struct term *term, int fd, enum term_color color)
{
    const char *kind = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    int tty = isatty(fd) && kind && *kind && strcmp(kind, "dumb") != 0;
    term->fd = fd;
    term->tty = tty;
    term->color =
        color == COLOR_ALWAYS || (color == COLOR_AUTO && tty && !(no_color && *no_color));
}

unsigned term_width(const struct term *term)
{
    struct winsize size;
    if (ioctl(term->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

unsigned term_height(const struct term *term)
{
    struct winsize size;
    if (ioctl(term->fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
        return size.ws_row;
    return 24;
}

int term_write(const struct term *term, const struct str *text)
{
    return fs_write_all(term->fd, str_text(text), text->size);
}

void term_style(const struct term *term, struct str *text, const char *code)
{
    if (term->color)
        str_print(text, "\033[%sm", code);
}

void term_cut(struct str *text, size_t columns)
{
    size_t seen = 0;
    for (size_t i = 0; i < text->size; i++) {
        seen += ((unsigned char)text->text[i] & 0xC0) != 0x80;
        if (seen > columns) {
            text->size = i;
            text->text[i] = '\0';
            return;
        }
    }
}
