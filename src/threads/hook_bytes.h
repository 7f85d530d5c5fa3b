// SPDX-License-Identifier: Apache-2.0
// hook_bytes: python/lopin/sitecustomize.py inside the program, made by script/embed.py at
// build.
#pragma once

#include <stddef.h>

extern const unsigned char hook_bytes[];
extern const size_t hook_bytes_size;
extern const char hook_bytes_hash[]; // 16 hexadecimal digits of its SHA-256
