// SPDX-License-Identifier: Apache-2.0
// elf: what an ELF file (System V ABI; LSB 5 for symbol versions) asks of the machine that loads it:
// bytes in, values out.
//
// Only program headers and the dynamic section are read, as the loader does; sections may have
// been stripped.
#pragma once

#include <stdint.h>

#include "wheel/tags.h"
#include "wheel/text.h"

struct elf {          // pieces point into the bytes; text NULL: there is none
    unsigned machine; // e_machine
    struct libc_version
        glibc;                // the greatest GLIBC_ symbol version that it needs; major 0: none
    struct piece interpreter; // PT_INTERP
    struct piece runpath;     // DT_RUNPATH, else DT_RPATH: folders with ':' between
};
// Returns 0, or -1 if it is no ELF file or a damaged one, which the loader would not take.
int elf_read(struct piece bytes, struct elf *ret);
