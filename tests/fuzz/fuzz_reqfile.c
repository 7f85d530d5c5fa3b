// SPDX-License-Identifier: Apache-2.0
// A requirements file, which may include itself and a second one.
#include <stdlib.h>
#include <string.h>

#include "wheel/reqfile.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static int read_same(void *context, const char *path, struct str *into, struct err *err)
{
    const struct piece *text = context;
    if (strcmp(path, "missing") == 0)
        return err_set(err, ERR_SYSTEM, "missing");
    if (strcmp(path, "main") == 0)
        str_add_bytes(into, text->text, text->size);
    else
        str_add(into, "numpy\n-c missing\n");
    return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    CLEANUP_VARS struct vars vars = {0};
    struct piece text = {(const char *)bytes, size};
    const struct reqfile_source source = {read_same, &text, &vars};
    struct reqfile file;
    struct err err = {0};
    vars_set(&vars, "A", "${B} x");
    vars_set(&vars, "B", "${A}");
    if (reqfile_parse(&arena, "main", 0, &source, &file, &err) == 0) {
        for (size_t i = 0; i < file.count; i++)
            if (!file.line[i].number || strcmp(file.line[i].file, "main") != 0)
                abort();
    } else if (!*err.text) {
        abort();
    }
    arena_free(&arena);
    return 0;
}
