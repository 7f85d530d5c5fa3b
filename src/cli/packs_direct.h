// SPDX-License-Identifier: Apache-2.0
// packs_direct: direct_url.json (PEP 610): where what was not taken from an index came from.
#pragma once

#include "cli/packs_build.h"

void packs_add_wheel_url(struct str *into, const char *url, const char *sha256);
void packs_add_source_url(struct str *into, const struct packs_source *source);
