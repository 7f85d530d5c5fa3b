// SPDX-License-Identifier: Apache-2.0
#include "cli/module_columns.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/module_words.h"

void module_cells_add(struct module_cells *cells, char *name, char *marks, const char *style)
{
    strv_take(&cells->name, name);
    strv_take(&cells->marks, marks);
    strv_add(&cells->style, style);
}

void module_cells_free(struct module_cells *cells)
{
    strv_free(&cells->name);
    strv_free(&cells->marks);
    strv_free(&cells->style);
}

struct widths { // of each cell, then of each column
    size_t *name, *marks, *column, *column_marks;
};

// How wide all are together in so many rows.
static size_t width_in(const struct module_cells *cells, const struct widths *widths,
                       size_t rows)
{
    size_t total = 0, count = cells->name.count;
    for (size_t first = 0, column = 0; first < count; first += rows, column++) {
        size_t *name = &widths->column[column], *marks = &widths->column_marks[column];
        *name = *marks = 0;
        for (size_t i = first; i < count && i < first + rows; i++) {
            *name = widths->name[i] > *name ? widths->name[i] : *name;
            *marks = widths->marks[i] > *marks ? widths->marks[i] : *marks;
        }
        total += cells->gap + *name + (*marks ? *marks + 1 : 0);
    }
    return total;
}

// Fewer rows have no room for all names: of a thousand cells there would be many rows to try.
static size_t least_rows(const struct module_cells *cells, const struct widths *widths,
                         size_t width)
{
    size_t total = 0;
    for (size_t i = 0; i < cells->name.count; i++)
        total += cells->gap + widths->name[i];
    return total > width && width ? (total - 1) / width + 1 : 1;
}

static void add_spaces(struct str *into, size_t count)
{
    while (count-- > 0)
        str_add_char(into, ' ');
}

static void add_cell(const struct module_cells *cells, const struct widths *widths,
                     const struct term *term, size_t i, size_t column, int is_last,
                     struct str *into)
{
    const char *marks = cells->marks.item[i], *style = cells->style.item[i];
    add_spaces(into, cells->gap);
    if (*style)
        term_style(term, into, style);
    str_add(into, cells->name.item[i]);
    if (*style)
        term_style(term, into, "0");
    if (is_last && !*marks)
        return;
    add_spaces(into, widths->column[column] - widths->name[i]);
    if (widths->column_marks[column])
        str_add_char(into, ' ');
    str_add(into, marks);
    if (!is_last)
        add_spaces(into, widths->column_marks[column] - widths->marks[i]);
}

void module_cells_print(const struct module_work *work, const struct module_cells *cells,
                        struct str *into)
{
    size_t count = cells->name.count, width = module_width(work), rows;
    size_t *all = mem_zero(4 * count + 1, sizeof *all);
    const struct widths widths = {all, all + count, all + 2 * count, all + 3 * count};
    for (size_t i = 0; i < count; i++) {
        widths.name[i] = str_columns(cells->name.item[i]);
        widths.marks[i] = str_columns(cells->marks.item[i]);
    }
    rows = least_rows(cells, &widths, width);
    while (rows < count && width_in(cells, &widths, rows) > width)
        rows++;
    width_in(cells, &widths, rows);
    for (size_t row = 0; row < rows && row < count; row++) {
        for (size_t i = row, column = 0; i < count; i += rows, column++)
            add_cell(cells, &widths, module_term(work), i, column, i + rows >= count, into);
        str_add_char(into, '\n');
    }
    free(all);
}
