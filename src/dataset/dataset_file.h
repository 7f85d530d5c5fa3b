// SPDX-License-Identifier: Apache-2.0
// dataset_file: one list of datasets as rows of cells; inside of datasets.c.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "dataset/datasets.h"

enum {
    DATASETS_MAX = 100 * 1000 * 1000
}; // more than that is a mistake, and would not fit numbers of 32 bits much longer

struct rows {          // zero-initialise to begin; free with rows_free
    const char **cell; // count * columns, all in an arena or borrowed
    size_t cells, cell_room;
    const char **line; // .jsonl: count texts; else NULL
    size_t line_room;
    size_t count, columns;
    char **name; // columns of them, in the arena, or NULL
    int json;
};
void rows_free(struct rows *rows);

// Opens `file` ("-" is input) and reads it by what it is: .jsonl or text.
int rows_read(struct rows *rows, struct arena *arena, const char *file,
              const struct dataset_options *options, struct err *err);
// The readers of bytes, cut up in place: they live as long as the rows, bytes[size] is there
// and 0. `file` is for messages. A file without lines leaves count 0.
int rows_text(struct rows *rows, struct arena *arena, char *bytes, size_t size,
              const char *file, const struct dataset_options *options, struct err *err);
int rows_jsonl(struct rows *rows, struct arena *arena, char *bytes, size_t size,
               const char *file, struct err *err);
