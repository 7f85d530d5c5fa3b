// SPDX-License-Identifier: Apache-2.0
// Any bytes as a table of loaded modules: what is read and written is read again as the same.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "module/loaded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct loaded loaded = {0}, again = {0};
    struct vars vars = {0};
    if (loaded_parse(&loaded, (const char *)data, size, NULL) == 0) {
        struct str text = {0}, other = {0};
        loaded_text(&loaded, &vars, &text);
        if (loaded_parse(&again, text.text, text.size, NULL) < 0 || again.count != loaded.count)
            abort();
        loaded_text(&again, &vars, &other);
        if (strcmp(text.text, other.text) != 0)
            abort();
        str_free(&text);
        str_free(&other);
    }
    loaded_free(&loaded);
    loaded_free(&again);
    vars_free(&vars);
    return 0;
}
