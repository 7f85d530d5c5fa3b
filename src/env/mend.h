// SPDX-License-Identifier: Apache-2.0
// mend: which distributions of an environment have lost what they are linked to: their entries of the
// store are gone, damaged, or elsewhere now, or the environment itself is, so that its commands start an
// interpreter of where it was.
//
// What is known of them is in the environment itself: the name of the entry, in its links, says wheel,
// hash and interpreter; dist-info, which is no link, says version, who asked for it, and where it came
// from.
#pragma once

#include "env/dist.h"
#include "env/site.h"

struct mend_item {           // lives in the arena
    const struct dist *dist; // of the caller's list
    const char
        *entry;    // the entry's name: "tqdm-4.70.1-py3-none-any-0123456789abcdef-cpython-311"
    int requested; // REQUESTED is there
    const char *direct_url; // content of direct_url.json; NULL
};
struct mend { // zero-initialise to begin; free with mend_free
    struct arena arena;
    struct mend_item *item;
    size_t count, room;
};
// Looks at each file of what is linked, without reading it, but for commands. `dists` must outlive the result.
void mend_look(const struct site *site, const struct dists *dists, struct mend *ret);
void mend_free(struct mend *mend);
