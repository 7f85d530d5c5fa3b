// SPDX-License-Identifier: Apache-2.0
// scratch: a folder for targets whose readers want files; made once a process, gone with it.
#pragma once

#include "base/str.h"

int scratch_folder(void); // a descriptor
void scratch_write(const char *name, const void *bytes, size_t size);
// Adds each line of the bytes with a checksum, which none would guess; `plain` as it is.
void scratch_sign(struct str *into, const unsigned char *bytes, size_t size, const char *plain);
