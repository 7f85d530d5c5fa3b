// SPDX-License-Identifier: Apache-2.0
// words: packages, sets of versions and incompatibilities in words for a person; inside of solve.
#pragma once

#include "solve/solver.h"

void words_add_package(struct str *into, const struct package *package); // "name[extra]"
// "numpy 1.26.4", "numpy[extra] 1.26.4" with the version of the project
void words_add_version(struct str *into, const struct package *package, size_t state);
// "1.0, 1.2 to 1.9" by the versions that are known; "not chosen" is left out. Long ones are cut.
void words_add_states(struct str *into, const struct package *package, const uint64_t *set);
// The requirement as a person wrote it: "numpy[extra]>=1.0", without its marker.
void words_add_require(struct str *into, const struct require *require);
// "WHO requires WHAT": `count` versions of it do.
void words_add_needs(struct str *into, const struct incompat *fact, const char *who,
                     size_t count, const char *what);
// A whole incompatibility as a sentence.
void words_add_incompat(struct str *into, const struct incompat *incompat);
// "A, B and C"
void words_add_list(struct str *into, const struct strv *items);
