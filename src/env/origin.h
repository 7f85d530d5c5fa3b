// SPDX-License-Identifier: Apache-2.0
// origin: the entry of the store that a distribution of an environment is linked from.
#pragma once

#include "env/dist.h"
#include "store/manifest.h"
#include "wheel/record.h"

// All that it has among the packages is then a link into the entry, so its first file tells. NULL if it
// is not, or is nothing but metadata. Yours.
char *origin_entry(const struct dist *dist, const struct record_file *file);
// Reads an entry's manifest, in the arena. Returns 0, or -1 with err.
int origin_read(struct arena *arena, const char *entry, const struct manifest **ret,
                struct err *err);
// The manifest of what it was installed from; NULL if that is not known.
const struct manifest *origin_manifest(struct arena *arena, const struct dist *dist);
