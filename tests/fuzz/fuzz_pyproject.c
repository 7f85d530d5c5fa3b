// SPDX-License-Identifier: Apache-2.0
// pyproject.toml, each of its parts; and a script with a header.
#include "wheel/pyproject.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    struct pyproject project;
    const struct piece text = {arena_dupn(&arena, (const char *)bytes, size), size};
    pyproject_parse(&arena, text, PYPROJECT_DEPENDENCIES, NULL, &project, NULL);
    pyproject_parse(&arena, text, PYPROJECT_EXTRA, "a", &project, NULL);
    pyproject_parse(&arena, text, PYPROJECT_GROUP, "a", &project, NULL);
    pyproject_script(&arena, text, &project, NULL);
    arena_free(&arena);
    return 0;
}
