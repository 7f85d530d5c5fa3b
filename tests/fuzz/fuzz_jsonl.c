// SPDX-License-Identifier: Apache-2.0
// Lists of JSON lines: every row has its cells, and a line that is taken is one line of valid JSON.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dataset/dataset_file.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    struct rows rows = {0};
    char *copy = arena_dupn(&arena, (const char *)bytes, size);

    if (rows_jsonl(&rows, &arena, copy, size, "list", NULL) == 0) {
        if (rows.cells != rows.count * rows.columns)
            abort();
        for (size_t i = 0; i < rows.cells; i++)
            if (strlen(rows.cell[i]) > size)
                abort();
        for (size_t i = 0; i < rows.count; i++)
            if (strchr(rows.line[i], '\n') != NULL)
                abort();
    }
    rows_free(&rows);
    arena_free(&arena);
    return 0;
}
