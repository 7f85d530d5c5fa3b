// SPDX-License-Identifier: Apache-2.0
// packs: the packages of an environment: what is asked for, where it is, which versions, and their
// entries in the store: the rooms source, solve and store composed.
#pragma once

#include "base/table.h"
#include "cli/cli.h"
#include "env/change.h"
#include "env/profile.h"
#include "solve/solve.h"
#include "source/source.h"
#include "store/store.h"
#include "wheel/lock.h"

struct packs_hashes { // of --hash at requirements that are in force
    struct piece normal;
    const char **digest; // "sha512:0123...", those of one algorithm side by side
    size_t count;
};
struct packs_list { // requirements with where they stand
    struct require **item;
    size_t count, room;
};
struct packs_pin { // one package of a lock that is to be installed as it is (packs_lock.c)
    struct piece normal;
    struct lock_choice choice;
    const char *folder; // of the lock: what paths in it are relative to
    int requested;      // somebody asked for it, not another package
    // Found when first needed:
    struct source_file *file;
    const char *sha256; // of it, where it has been read
    int is_other;       // not a file of the lock: a wheel of the same version of this site
};
struct packs { // zero-initialise to begin; free with packs_free
    const struct cli *cli;
    struct arena arena;
    const struct python *python;
    struct profile profile;
    const struct dists *installed; // or NULL: nothing is
    // Asked:
    struct packs_list wanted, constraints, overrides;
    struct packs_hashes *hashes;
    size_t hash_count, hash_room;
    struct packs_pin *pin;
    size_t pin_count, pin_room;
    size_t site_constraints;   // how many of the constraints, from the first, are pip.conf's
    const struct lock *prefer; // its versions are taken where they satisfy, or NULL
    struct strv remove;        // normal names of what goes besides what is replaced
    // Where from:
    struct pipconf pip;
    struct strv find_links, extra_index;
    const char *index_url;
    int no_index, pre, require_hashes, offline, no_deps, upgrade;
    struct pick formats;
    struct source *source;
    struct store *store;
    char *cache;
    char *local; // where the store is if not in the cache: on the node's own disk
    struct source_file **given; // by URL; their place is their number
    size_t given_count, given_room;
    struct packs_source **built; // packs_build.h
    size_t built_count, built_room;
    struct tell *tell; // packs_tell.c
    struct table
        looked; // path of a wheel -> struct stat, of those whose metadata the store had
    // Found:
    struct solve_result solution;
    struct source_file **file; // of each choice; NULL: it is installed
    struct store_entry *entry; // of each choice; folder NULL: it is installed
    int check;                 // what is in the store is read, and made again if it is damaged
    char *shared;              // --link whole: the shared folder of packages, once it is known
};
// Reads what the options and `words` (requirements, wheels; may be NULL) ask for and where from.
// `python` and `installed` must outlive it. Returns 0, or -1 with err; packs_free also then.
int packs_open(const struct cli *cli, const struct python *python,
               const struct dists *installed, const struct strv *words, struct packs *ret,
               struct err *err);
struct packs_ask {
    const struct cli *cli;
    const struct python *python;
    const struct dists *installed;
    const struct strv *words;
};
// The same, for what `words` and a lock's file say, whatever the options ask for.
int packs_open_lock(const struct packs_ask *ask, const char *lock, struct packs *ret,
                    struct err *err);
// The store, which packs_solve opens too. Returns 0, or -1 with err.
int packs_open_store(struct packs *packs, struct err *err);
// The folder of the store and of shared folders of packages.
const char *packs_home(const struct packs *packs);
// Which versions. Returns 0, or -1 with [no-wheel], [no-solution], [fetch]...
int packs_solve(struct packs *packs, struct err *err);
// Compares what is here with the hashes that are asked for, and of what is not what its page says: --dry-run.
// Returns 0, or -1 with [bad-wheel], [usage].
int packs_check(struct packs *packs, struct err *err);
// Gets the files and makes their entries of the store. Returns 0, or -1 with err.
int packs_fill(struct packs *packs, struct err *err);
// What is known of the processors that a file is for.
struct stamp_origin packs_origin(struct packs *packs, const struct source_file *file);
void packs_free(struct packs *packs);
// Whether the user asked for that choice, rather than another package.
int packs_is_wanted(const struct packs *packs, const struct solve_choice *choice);
// What changes an environment to have these: in the arena. *ret_remove: normal names of what is
// replaced, NULL-terminated.
size_t packs_adds(struct packs *packs, struct change_add **ret, const char *const **ret_remove);

void packs_list_add(struct packs_list *list, struct require *require);
// packs_words.c
int packs_read_words(struct packs *packs, const struct strv *words, struct err *err);
// `words` alone.
int packs_read_list(struct packs *packs, const struct strv *words, struct err *err);
// A file of -r, whose path is relative to the folder of the line: for struct reqfile_source, `context` is
// a struct cli. Returns 0, or -1 with [usage].
int packs_read_file(void *context, const char *path, struct str *into, struct err *err);
// -1: what is in `path` is a lock, which is read only under the name of one.
int packs_refuse_lock(const char *path, struct err *err);
// The projects that words and -r files name, whatever else they say: of uninstall.
int packs_read_names(const struct cli *cli, struct arena *arena, struct packs_list *ret,
                     struct err *err);
// packs_lock.c
// Adds what a lock selects for the interpreter to what is wanted. Returns 0, or -1 with err.
int packs_read_lock(struct packs *packs, const char *path, struct err *err);
struct packs_pin *packs_pin_of(const struct packs *packs, struct piece normal); // NULL: none
// Finds pin->file. Returns 0, or -1 with [no-wheel], [bad-wheel]...
int packs_pin_find(struct packs *packs, struct packs_pin *pin, struct err *err);
// Says which packages are not the files of the lock.
void packs_say_pins(const struct packs *packs);
// Reads a lock. NULL with err.
const struct lock *packs_lock_file(const struct cli *cli, struct arena *arena, const char *path,
                                   struct err *err);
// Says it, if the lock may hold what this lopin does not know.
void packs_say_newer(const struct cli *cli, const struct lock *lock, const char *path);
// packs_provider.c
void packs_provider(struct packs *packs, struct solve_provider *ret);
// Asks indexes at once for what is wanted.
void packs_look_ahead(struct packs *packs);
// The file of a choice, NULL if it is what is installed. Returns 0, or -1 with err: it is built, and
// cannot be.
int packs_file(struct packs *packs, const struct solve_choice *choice, struct source_file **ret,
               struct err *err);
// What the source has of a choice; NULL: it is installed, of a lock or of a URL.
const struct source_version *packs_version(struct packs *packs,
                                           const struct solve_choice *choice);
