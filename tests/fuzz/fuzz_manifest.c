// SPDX-License-Identifier: Apache-2.0
// Manifests of the store: each text as it is, and with the checksum that it should have. What is read
// is written again as the same.
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "store/manifest.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void read_one(const char *text, size_t size)
{
    struct arena arena = {0};
    struct manifest manifest, again;
    CLEANUP_STR struct str written = {0}, twice = {0};
    if (manifest_read(&arena, arena_dupn(&arena, text, size), size, &manifest, NULL) == 0) {
        for (size_t i = 0; i < manifest.file_count; i++)
            if (manifest.file[i].folder >= manifest.folder_count ||
                strchr(manifest.file[i].name, '/'))
                abort();
        manifest_write(&written, &manifest);
        char *copy = arena_dupn(&arena, written.text, written.size);
        // a folder without files is left out, even the dist-info
        if (manifest_read(&arena, copy, written.size, &again, NULL) == 0) {
            manifest_write(&twice, &again);
            if (twice.size != written.size || memcmp(twice.text, written.text, twice.size) != 0)
                abort();
        }
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_STR struct str text = {0};
    read_one((const char *)bytes, size);
    str_add_bytes(&text, bytes, size);
    str_print(&text, "end %08x\n", (unsigned)libdeflate_crc32(0, bytes, size));
    read_one(text.text, text.size);
    return 0;
}
