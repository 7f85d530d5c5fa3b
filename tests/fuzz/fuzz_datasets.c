// SPDX-License-Identifier: Apache-2.0
// The run folder's list of datasets and lists of lines and columns. The first byte chooses.
#include <stdlib.h>
#include <string.h>

#include "base/line.h"
#include "base/mem.h"
#include "dataset/dataset_file.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void touch(const char *text)
{
    if (strlen(text) == (size_t)-1)
        abort();
}

// A saved list, as it is or with the checksums that its lines should have.
static void saved(const char *bytes, size_t size, int with_checksums)
{
    CLEANUP_STR struct str text = {0};
    struct datasets datasets = {0};
    const char *at = bytes, *end = bytes + size;

    if (!with_checksums) {
        str_add_bytes(&text, bytes, size);
    } else {
        str_add(&text, "lopin-datasets 1\n");
        while (at < end) {
            const char *newline = memchr(at, '\n', (size_t)(end - at));
            size_t length = (size_t)((newline != NULL ? newline : end) - at), from = text.size;

            str_add_bytes(&text, at, length);
            line_end(&text, from);
            at += length + 1;
        }
    }
    if (datasets_parse(&datasets, text.text, text.size, NULL) == 0) {
        for (size_t i = 0; i < datasets.count; i++) {
            touch(datasets.item[i].text);
            for (size_t j = 0; j < datasets.columns; j++)
                touch(datasets.item[i].column[j]);
        }
    }
    datasets_free(&datasets);
}

static void lines(const char *bytes, size_t size, unsigned choice)
{
    static const char *const colseps[] = {NULL, ",", "\\t", "::"};
    const struct dataset_options options = {
        .null = choice & 1, .header = choice >> 1 & 1, .colsep = colseps[choice >> 2 & 3]};
    struct arena arena = {0};
    struct rows rows = {0};
    char *copy = arena_dupn(&arena, bytes, size);

    if (rows_text(&rows, &arena, copy, size, "list", &options, NULL) == 0) {
        if (rows.cells != rows.count * rows.columns)
            abort();
        for (size_t i = 0; i < rows.cells; i++)
            touch(rows.cell[i]);
    }
    rows_free(&rows);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    if (size == 0)
        return 0;
    if (bytes[0] & 0x80)
        saved((const char *)bytes + 1, size - 1, bytes[0] & 1);
    else
        lines((const char *)bytes + 1, size - 1, bytes[0]);
    return 0;
}
