// SPDX-License-Identifier: Apache-2.0
// pip.conf: no key stands twice in a section, all keys are in normal form.
#include <stdlib.h>
#include <string.h>

#include "source/ini.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    struct ini ini;
    struct err err = {0};
    struct piece text = {(const char *)bytes, size};
    if (ini_parse(&arena, "pip.conf", text, &ini, &err) < 0 && err.code != ERR_USAGE)
        abort();
    for (size_t i = 0; i < ini.count; i++) {
        if (strchr(ini.item[i].key, '_') || str_starts(ini.item[i].section, "DEFAULT\n"))
            abort();
        for (size_t k = 0; k < i && k < 100; k++)
            if (strcmp(ini.item[i].section, ini.item[k].section) == 0 &&
                strcmp(ini.item[i].key, ini.item[k].key) == 0)
                abort();
    }
    arena_free(&arena);
    return 0;
}
