// SPDX-License-Identifier: Apache-2.0
// columns: widths are code points, as for all our own text.
#include "cli/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GAP = 3, ELASTIC_LEAST = 12 };

static void add_spaces(struct str *into, size_t count)
{
    while (count-- > 0)
        str_add_char(into, ' ');
}

static size_t *measure(const struct columns *columns, const struct term *term)
{
    size_t *widths = mem_zero(columns->width, sizeof *widths);
    for (size_t i = 0; i < columns->cell.count; i++) {
        size_t size = str_columns(columns->cell.item[i]);
        if (size > widths[i % columns->width])
            widths[i % columns->width] = size;
    }
    size_t whole = columns->indent;
    for (size_t i = 0; i < columns->width; i++)
        whole += widths[i] + (widths[i] && i ? GAP : 0);
    size_t *elastic = &widths[columns->elastic];
    size_t room = term->tty ? term_width(term) : whole;
    if (whole > room && *elastic > ELASTIC_LEAST) {
        size_t over = whole - room;
        *elastic = *elastic > over + ELASTIC_LEAST ? *elastic - over : ELASTIC_LEAST;
    }
    return widths;
}

static void add_cell(struct str *into, const char *cell, size_t width, int right, int last)
{
    CLEANUP_STR struct str text = {0};
    str_add(&text, cell);
    if (str_columns(cell) > width) {
        term_cut(&text, width - 3);
        str_add(&text, "...");
    }
    size_t left = width - str_columns(str_text(&text));
    if (right)
        add_spaces(into, left);
    str_add(into, str_text(&text));
    if (!right && !last)
        add_spaces(into, left);
}

void columns_add(const struct columns *columns, const struct term *term, struct str *into)
{
    CLEANUP_FREE size_t *widths = measure(columns, term);
    for (size_t i = 0; i < columns->cell.count; i++) {
        size_t column = i % columns->width;
        int last = column + 1 == columns->width;
        if (!column)
            add_spaces(into, columns->indent);
        else if (widths[column])
            add_spaces(into, GAP);
        add_cell(into, columns->cell.item[i], widths[column], columns->right >> column & 1,
                 last);
        if (last)
            str_add_char(into, '\n');
    }
}

void columns_free(struct columns *columns)
{
    strv_free(&columns->cell);
    *columns = (struct columns){0};
}
