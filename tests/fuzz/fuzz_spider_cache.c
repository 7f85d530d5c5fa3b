// SPDX-License-Identifier: Apache-2.0
// Any bytes as a folder of a spider's cache; what is read is written, and read again.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "spider/cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    CLEANUP_STR struct str text = {0};
    const struct spider_folder *folder = cache_read_folder(&arena, (const char *)data, size);
    if (folder) {
        cache_write_folder(&text, folder);
        const struct spider_folder *again = cache_read_folder(&arena, text.text, text.size);
        if (!again || again->modules != folder->modules)
            abort();
    }
    arena_free(&arena);
    return 0;
}
