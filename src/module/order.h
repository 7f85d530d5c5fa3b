// SPDX-License-Identifier: Apache-2.0
// order: which of two versions of a module is the newer one, by the rules that Lmod 8 documents
// ("How Lmod picks which module to load"): 3.9 < 3.10, 1.0rc1 < 1.0 < 1.0-1, dev before all.
#pragma once

// A text whose byte order is the order of versions; it stands as `wV` in Lmod's table. Yours.
char *order_key(const char *version);
