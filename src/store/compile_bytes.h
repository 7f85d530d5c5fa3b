// SPDX-License-Identifier: Apache-2.0
// compile_bytes: python/embedded/store_compile.py inside the program, made by script/embed.py at build.
#pragma once

#include <stddef.h>

extern const unsigned char compile_bytes[];
extern const size_t compile_bytes_size;
extern const char compile_bytes_hash[]; // 16 hexadecimal digits of its SHA-256
