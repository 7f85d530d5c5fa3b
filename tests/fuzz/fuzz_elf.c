// SPDX-License-Identifier: Apache-2.0
// ELF files: what is found lies within the bytes.
#include <stdlib.h>

#include "base/mem.h"
#include "wheel/elf.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void inside(struct piece part, const char *text, size_t size)
{
    if (part.text && (part.text < text || part.text + part.size > text + size))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct elf elf;
    char *copy = mem_dupn((const char *)bytes, size);
    elf_read((struct piece){copy, size}, &elf);
    inside(elf.interpreter, copy, size);
    inside(elf.runpath, copy, size);
    free(copy);
    return 0;
}
