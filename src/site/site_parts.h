// SPDX-License-Identifier: Apache-2.0
// site_parts: what the files that read site.toml share.
#pragma once

#include "base/err.h"

// [config]: a key that is none of these, with the nearest. Returns -1.
int site_unknown_key(const char *key, const char *const *known, struct err *err);
