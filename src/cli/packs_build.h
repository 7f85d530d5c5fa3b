// SPDX-License-Identifier: Apache-2.0
// packs_build: what pip must build first: folders, repositories, source archives.
//
// A source that is named by its place alone is built before anything is solved, since only its wheel
// says whose it is; one behind "NAME @", or an archive of a wheelhouse or index, when its version
// is tried. Each is built once.
#pragma once

#include "cli/packs.h"

struct packs_source {                  // in the arena
    const char *given;                 // as it was typed
    const char *source;                // a path, or a URL, as pip takes it
    const char *url;                   // of the requirement
    const char *extras;                // "[a,b]", or ""
    const char *identity;              // as of build_ask
    const struct source_file *archive; // of a wheelhouse or an index; NULL
    struct source_file *wheel;         // once it is built
    const char *commit;                // of a repository, or NULL
    int editable, wanted, is_folder, is_repository;
};
// Whether a word names a place rather than a project, and whether what is there must be built.
int packs_is_place(const char *text);
size_t packs_place_size(const char *text); // of the place, before "[EXTRA,...]"
int packs_is_source(const char *text);
// A word that is one; a path is relative to `folder`. Returns 0, or -1 with [usage].
int packs_add_source(struct packs *packs, const char *text, const char *folder, int editable,
                     struct err *err);
// Builds these, and adds their requirements to what is wanted.
int packs_build_wanted(struct packs *packs, struct err *err);
// The wheel of what stands behind "NAME @". NULL with err: also if it is another project's.
struct source_file *packs_build_url(struct packs *packs, const char *normal, const char *url,
                                    struct err *err);
// The wheel of an archive. NULL with err.
struct source_file *packs_build_archive(struct packs *packs, struct source_file *archive,
                                        struct err *err);
// What the wheel was built from; NULL: it was not.
const struct packs_source *packs_source_of(const struct packs *packs,
                                           const struct source_file *wheel);
