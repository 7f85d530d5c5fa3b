// SPDX-License-Identifier: Apache-2.0
// base64: RFC 4648, as Lmod has its table and its stacks in the environment.
#pragma once

#include "base/str.h"

void base64_add(struct str *into, const char *bytes, size_t size);
// Adds what the text means; white space in it is skipped. Returns 0, or -1 if it is none.
int base64_read(const char *text, size_t size, struct str *into);
