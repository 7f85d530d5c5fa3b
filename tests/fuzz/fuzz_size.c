// SPDX-License-Identifier: Apache-2.0
// Amounts of memory: what is accepted is in bounds and is written back as the same.
#include <stdlib.h>

#include "base/mem.h"
#include "base/size.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size);
    CLEANUP_STR struct str again = {0};
    int64_t kib = -1;
    int64_t same = -1;
    if (size_parse(text, &kib) < 0)
        return kib == -1 ? 0 : (abort(), 0);
    // a fraction of the largest can reach one unit above it
    if (kib < 0 || kib > 2 * SIZE_MAX_KIB)
        abort();
    size_add(&again, kib);
    if (kib <= SIZE_MAX_KIB && (size_parse(again.text, &same) < 0 || same != kib))
        abort();
    return 0;
}
