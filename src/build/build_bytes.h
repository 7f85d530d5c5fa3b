// SPDX-License-Identifier: Apache-2.0
// The program of python/embedded/editable_wheel.py, embedded by the build.
#pragma once

#include <stddef.h>

extern const unsigned char editable_wheel_bytes[]; // ends with a NUL
extern const size_t editable_wheel_bytes_size;
