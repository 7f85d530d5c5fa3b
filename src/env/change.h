// SPDX-License-Identifier: Apache-2.0
// change: packages put into an environment and taken out of it, in one step.
//
// The new folder of packages is made beside the old one, which it replaces by one rename: a kill or
// a full disk leaves the old environment or the new one. What lopin did not make is taken over as it
// is. Two changes at once: the later one sees that the folder is no longer what it began from, and
// begins again.
#pragma once

#include "base/err.h"
#include "env/dist.h"
#include "env/put.h"
#include "env/site.h"
#include "env/stamp.h"
#include "store/manifest.h"

struct change_add {
    const char *entry; // of the store, absolute
    const struct manifest *manifest;
    int requested;          // by the user, not by another package
    const char *direct_url; // content of direct_url.json, or NULL
    struct stamp_origin origin;
    int is_stamped; // it is what was there before: what the stamp knows of it stays
};
struct change {
    const struct site *site; // where it is now
    const char *prefix;      // where it will be: what its scripts name
    const struct change_add *add;
    size_t add_count;
    const char *const *remove; // normal names of what goes; NULL-terminated, or NULL
    enum put_mode mode;
    int fresh; // an environment that nobody uses yet, without packages: after a failure it is half one
    const char
        *shared; // not NULL: a folder of packages made in there once is linked to as a whole;
                 // the environment has no others ([usage])
};
// The shared folder that `change` (with shared) would lead to. Yours.
char *change_shared(const struct change *change);
// Links an environment that nobody uses yet, and that has no folder of packages, to a shared folder
// that is there (of change_shared). Returns 0, or -1 with err, its errnum ENOENT: it is not there.
int change_link(const struct change *change, const char *goal, struct err *err);
// What a change that was killed left to do is done, and what it left lying is removed; for commands
// that may find nothing to change. Returns 0, or -1 with err.
int change_finish(const struct site *site, struct err *err);
// Returns 0, or -1 with err and nothing changed. `ret_notes` (may be NULL): what the user should
// know, translated: files that two packages have.
int change_apply(const struct change *change, struct strv *ret_notes, struct err *err);
