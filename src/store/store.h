// SPDX-License-Identifier: Apache-2.0
// store: unpacked wheels, known by the SHA-256 of their files, read-only, shared by environments,
// users and nodes (docs/formats.md, "The store").
//
// STORE/1/ENTRY/{tree,scripts,data,headers,manifest}. An entry appears by one rename, whole, and is
// never changed. No lock is taken: who makes the same entry at the same time loses nothing but the
// work, and uses the one that was there first. What a process that died left behind is removed by the
// next that makes an entry.
#pragma once

#include <sys/stat.h>

#include "base/vars.h"
#include "store/manifest.h"

struct store;
// `folder` is absolute; it is made if it is not there. Entries of others count only if they are of
// root, of us, or of one of `trusted`, and nobody else can write them. Returns NULL with err.
struct store *store_open(const char *folder, const uid_t *trusted, size_t trusted_count,
                         struct err *err);
void store_close(struct store *store); // NULL is fine
#define CLEANUP_STORE CLEANUP(store_close_at)
void store_close_at(struct store **store);

struct store_wheel {
    const char *path;        // absolute
    const char *sha256;      // of the file in hexadecimal where somebody checked it; else NULL
    const struct stat *stat; // of the file, where it is known; else NULL
};
struct store_python {        // whose bytecode entries have
    const char *path, *tag;  // "cpython-311": sys.implementation.cache_tag
    const struct vars *vars; // what it is started with, but for PYTHON...
};
// Adds METADATA of a wheel (absolute path) that is known and whose entry is there, which is less work
// than to read the wheel. Returns 0, or -1 without an error: it is not.
// `ret_stat`: of the wheel's file, where 0 is returned.
int store_metadata(const struct store *store, const char *wheel, const char *tag,
                   struct str *into, struct stat *ret_stat);
// The SHA-256 of a wheel (absolute path) whose entry is there, without reading the wheel. Returns 0, or
// -1 without an error: it is not known.
int store_sha256(const struct store *store, const char *wheel, const char *tag,
                 char ret[MANIFEST_SHA256 + 1]);
enum store_stage { STORE_UNPACK, STORE_COMPILE };
// Called by the thread that fills, with bytes; may be left out. `all` of unpacking grows while wheels
// are still being looked at.
struct store_progress {
    void (*tell)(void *context, enum store_stage stage, uint64_t done, uint64_t all);
    void *context;
};
struct store_order {
    const struct store_wheel *wheel;
    size_t count;
    const struct store_python *python; // NULL: no bytecode
    // How many threads, and processes that compile: at least 1. Asked when something is to be made.
    unsigned (*threads)(void *context);
    void *threads_context;
    int check; // entries that are there are read, and made again if they are damaged
    int sync;  // what is new is on the disk before it is in the store
    struct store_progress progress;
};
struct store_entry {    // lives in the arena
    const char *folder; // absolute
    struct manifest manifest;
    int is_new; // made by this call
};
// An entry by its name ("numpy-2.1.0-...-cpython-311"), if it is there and each of its files is as its
// manifest says: they are read. Returns 0, or -1 without an error.
int store_find(struct store *store, const char *name, struct arena *arena,
               struct store_entry *ret);
// The entries of all wheels, in their order; those that are not there are made. On an error nothing
// stays of what could not be made; what was made before does. Returns 0, or -1 with err, which
// names the wheel: [bad-wheel], [disk-full], [system].
//
// Only the main thread may call it: it starts threads, and processes that end with it. A wheel's file that
// somebody shortens meanwhile is SIGBUS: the program ends, the store is as it was.
int store_fill(struct store *store, const struct store_order *order, struct arena *arena,
               struct store_entry *ret, struct err *err);

// Says that an environment (absolute path) leads into the store in `folder`: what cannot be written is
// not said. Returns 1 if nobody said so before, else 0.
int store_lease(const char *folder, const char *env);
// Calls `each` for each environment that was said, with when it was said; one for which it returns 0
// is forgotten.
typedef int store_each_lease(void *context, const char *env, time_t said);
void store_leases(const struct store *store, store_each_lease *each, void *context);
struct store_collect {
    time_t before; // what was taken since then stays
    int (*is_used)(void *context,
                   const char *entry); // whether somebody leads to it: its base name
    void *context;
    int dry; // count only
    size_t removed, kept;
    uint64_t bytes; // of the files of those that are removed
};
// Removes our own entries that nobody uses. Needs no room. Returns 0, or -1 with err [system].
int store_collect(struct store *store, struct store_collect *collect, struct err *err);
// Whether no other machine can see it.
int store_is_local(const struct store *store);
