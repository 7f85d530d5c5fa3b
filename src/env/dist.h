// SPDX-License-Identifier: Apache-2.0
// dist: the distributions installed in a folder of packages (PEP 376, 610, 627), and what setuptools
// left there before these (egg-info, egg-link).
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "wheel/metadata.h"

enum dist_kind { DIST_INFO, DIST_EGG_INFO, DIST_EGG_FILE, DIST_EGG_LINK };
struct dist { // lives in the arena of its list
    enum dist_kind kind;
    const char *name;    // as its metadata writes it
    const char *normal;  // PEP 503
    const char *version; // as written
    const char *folder;  // the folder of packages that it is in
    const char *info;    // "numpy-2.1.0.dist-info", in that folder
    const char *url;     // direct_url.json: where it came from; NULL: an index or wheelhouse
    const char *commit;  // of a URL of version control: its commit; NULL
    const char *vcs;     // "git"; NULL
    const char *subdirectory;
    const char *hash; // of a file: "sha256=0123..."; NULL
    int editable;
    const char *location; // of an editable one: its folder
};
struct dists {
    struct arena arena;
    struct dist *item; // by normal name; each once
    size_t count, room;
};
// Adds those of a folder; of a name that is there already the first stays. A folder that is absent
// has none. Whose metadata cannot be read is left out and named in `ret_odd` (may be NULL). Returns
// 0, or -1 with err if the folder cannot be read.
int dists_read(const char *folder, struct dists *dists, struct strv *ret_odd, struct err *err);
// By normal name; NULL if it is not there.
const struct dist *dists_find(const struct dists *dists, const char *normal);
void dists_free(struct dists *dists);
// A file of its info ("RECORD", "INSTALLER"), added to `into`. Returns 0, or -1 with err.
int dist_file(const struct dist *dist, const char *name, struct str *into, struct err *err);
// Its metadata, in `arena`. Returns 0, or -1 with err.
int dist_metadata(const struct dist *dist, struct arena *arena, struct metadata *ret,
                  struct err *err);
