// SPDX-License-Identifier: Apache-2.0
// Archives: opened, looked up, every entry read.
#include <stdlib.h>

#include "wheel/zip.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void read_all(const struct zip *zip, struct inflater *inflater)
{
    struct piece text;
    uint64_t sum = 0;
    for (size_t i = 0; i < zip->count; i++) {
        const struct zip_entry *entry = &zip->entry[i];
        if (entry->data + entry->packed > zip->bytes.size || entry->data < entry->header)
            abort();
        sum += entry->packed;
        zip_check_name(entry->name);
        if (zip_read(inflater, zip->bytes, entry, 1 << 20, &text, NULL) == 0 &&
            text.size != entry->size)
            abort();
    }
    if (sum > zip->bytes.size) // entries that overlap
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    struct zip zip;
    struct zip_entry entry;
    struct inflater *inflater = inflater_new();
    struct piece whole = {arena_dupn(&arena, (const char *)bytes, size), size};
    if (zip_open(&arena, whole, &zip, NULL) == 0)
        read_all(&zip, inflater);
    if (zip_find(whole, "METADATA", &entry, NULL) == 0 &&
        entry.data + entry.packed > whole.size)
        abort();
    inflater_free(inflater);
    arena_free(&arena);
    return 0;
}
