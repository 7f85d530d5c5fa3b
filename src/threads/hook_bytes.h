// SPDX-License-Identifier: Apache-2.0
// hook_bytes: python/embedded/sitecustomize.py and the extension inside the program, made by
// script/embed.py at build.
#pragma once

#include <stddef.h>

extern const unsigned char hook_bytes[];
extern const size_t hook_bytes_size;
extern const char hook_bytes_hash[]; // 16 hexadecimal digits of its SHA-256
// python/native, the extension, for the interpreters of this kind of machine.
extern const unsigned char guard_bytes[];
extern const size_t guard_bytes_size;
extern const char guard_bytes_hash[];
// python/lopin, the importable package.
extern const unsigned char lopin_init_bytes[], lopin_threads_bytes[], lopin_controllers_bytes[],
    lopin_core_bytes[], lopin_fast_bytes[];
extern const size_t lopin_init_bytes_size, lopin_threads_bytes_size,
    lopin_controllers_bytes_size, lopin_core_bytes_size, lopin_fast_bytes_size;
extern const char lopin_init_bytes_hash[], lopin_threads_bytes_hash[],
    lopin_controllers_bytes_hash[], lopin_core_bytes_hash[], lopin_fast_bytes_hash[];
