// SPDX-License-Identifier: Apache-2.0
// counter: x86-64 code, "mov DISPLACEMENT(%rip),%eax; ret" (Intel SDM volume 2, MOV and RET).
//
// Read, never executed or changed. What looks like it by chance is told by the caller, who compares the value
// with what the function returns.
#include "counter.h"

#include <link.h>
#include <stdint.h>
#include <string.h>

enum { LOOK = 32, MOV = 6 }; // bytes

struct place {
    uintptr_t code, variable;
};

static int holds(const struct dl_phdr_info *info, uintptr_t address, size_t size,
                 unsigned flags)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = info->dlpi_phdr + i;
        uintptr_t begin = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && (part->p_flags & flags) == flags && address >= begin &&
            address + size <= begin + part->p_memsz)
            return 1;
    }
    return 0;
}

static int on_library(struct dl_phdr_info *info, size_t size, void *data)
{
    const struct place *place = data;
    (void)size;
    if (!holds(info, place->code, LOOK, PF_R | PF_X))
        return 0;
    return holds(info, place->variable, sizeof(int), PF_R | PF_W) ? 1 : -1;
}

static int *variable_at(const unsigned char *code)
{
    int32_t distance;
    memcpy(&distance, code + 2, sizeof distance);
    return (int *)((uintptr_t)code + MOV + (uintptr_t)(intptr_t)distance);
}

int *counter_of(const unsigned char *function)
{
#if defined(__x86_64__)
    for (int i = 0; i + MOV < LOOK; i++)
        if (function[i] == 0x8b && function[i + 1] == 0x05 && function[i + MOV] == 0xc3) {
            int *variable = variable_at(function + i);
            struct place place = {(uintptr_t)function, (uintptr_t)variable};
            int aligned = (uintptr_t)variable % sizeof(int) == 0;
            return aligned && dl_iterate_phdr(on_library, &place) == 1 ? variable : NULL;
        }
#else
    (void)function, (void)variable_at, (void)on_library;
#endif
    return NULL;
}
