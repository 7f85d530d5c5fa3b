// SPDX-License-Identifier: Apache-2.0
// Stamps of environments: what is read has words and names that may be used, whatever the text.
#include <stdlib.h>
#include <string.h>

#include "env/stamp.h"
#include "machine/isa.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct stamp stamp = {0};
    const struct stamp_machine machine = {.glibc = {2, 28}};
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size);
    if (stamp_parse(text, size, &stamp, NULL) == 0)
        for (size_t i = 0; i < stamp.count; i++) {
            const struct stamp_package *package = &stamp.item[i];
            if (strchr(package->info, '/') ||
                (package->cpu && isa_word(package->cpu, strlen(package->cpu), NULL, NULL) < 0))
                abort();
            stamp_compare(package, &machine);
        }
    stamp_free(&stamp);
    return 0;
}
