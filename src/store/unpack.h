// SPDX-License-Identifier: Apache-2.0
// unpack: a plan becomes folders and files, each compared with RECORD before it is written.
#pragma once

#include "store/plan.h"

struct unpack_facts { // what files said; zero-initialise to begin
    struct libc_version glibc;
    unsigned machine;
    struct strv interpreters;
    unsigned *leaf; // indexes of folders, perhaps more than once
    size_t leaf_count, leaf_room;
};
void unpack_facts_free(struct unpack_facts *facts);
// Adds them to the manifest.
void unpack_facts_apply(struct arena *arena, const struct unpack_facts *facts,
                        struct manifest *manifest);

// Makes the folders in `dir`. Returns 0, or -1 with err.
int unpack_folders(int dir, const struct manifest *manifest, struct err *err);
// Makes the files `from` to before `to`; fills their hashes, and kinds of scripts. Several threads
// may each do a part of one plan; what is in *facts and the inflater is of one thread. `mask` is the
// process's umask. Returns 0, or -1 with err: [bad-wheel], or what the system said.
int unpack_files(int dir, struct plan *plan, size_t from, size_t to, unsigned mask,
                 struct inflater *inflater, struct arena *arena, struct unpack_facts *facts,
                 struct err *err);
// Makes the folders read-only.
int unpack_close(int dir, const struct manifest *manifest, struct err *err);
// "tree/numpy/core", below an entry.
void unpack_path(struct str *into, const struct manifest_folder *folder);
