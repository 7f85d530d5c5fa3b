// SPDX-License-Identifier: Apache-2.0
// store_parts: what the files of this room know of an open store.
#pragma once

#include "store/store.h"

#define STORE_VERSION "1" // a folder: what another lopin makes stands in another one

struct store {
    int dir;    // of STORE/1
    char *path; // the same, absolute
    int closed; // only who is trusted can write in it, or nobody: what is in it needs no look
    uid_t *trusted;
    size_t trusted_count;
    char *prefix;         // ".tmp-HOST-SPACE-PID-START-"
    unsigned long number; // of temporary folders
    char boot[40];        // of this system; "" if it is not known
    int local;            // its files are on this node's own disk
};
// The key of a wheel's file as it is now, with the cache tag: the name of what the store
// remembers of it (".seen/KEY" -> "../ENTRY").
void store_key(const char *path, const struct stat *st, const char *python, char ret[17]);
// The name of an entry: what is made of the file's base name, hash and cache tag. Yours.
char *store_name(const char *wheel, const char *sha256, const char *python);

// Reads the manifest of an entry, by its name or ".seen/KEY". ret->folder is NULL if it is not there,
// not to be trusted, or (for a key) of something else. Returns 0, or -1 with err: it is damaged.
int store_load(const struct store *store, const char *name, const char *sha256,
               struct arena *arena, struct store_entry *ret, struct err *err);
// Remembers that the file `st` is of is that entry's, unless it changed so short a time ago that a
// further change might not show.
void store_remember(struct store *store, const char *key, const char *entry,
                    const struct stat *st);

// ".tmp-HOST-SPACE-PID-START-": what names of this process's temporary folders begin with. Borrowed.
const char *store_prefix(struct store *store);
// Makes a temporary folder; its name is yours. NULL with err.
char *store_temporary(struct store *store, unsigned long number, struct err *err);
// Removes temporary folders whose process is gone.
void store_sweep(struct store *store);
// Gives the temporary folder its name. If an entry is there already that can be used, the folder is
// removed. Returns 0, or -1 with err.
// `replaces`: what was there is known to be damaged; it is looked at again.
int store_publish(struct store *store, const char *temporary, const char *name, int replaces,
                  struct err *err);
// Whether what was made before another boot of this system, and may not have reached the disk, is to
// be compared: only the entries of the one who asks, who alone can make them again.
int store_is_doubtful(const struct store *store, const char *folder,
                      const struct manifest *manifest);
// Compares the files of an entry with its manifest: 1, or 0: some are not there, or others.
int store_is_whole(const struct store *store, const char *name,
                   const struct manifest *manifest);
// The same. If all are as they should be, the manifest says
// from now on that they are on the disk. 1, or 0: some are not.
int store_verify(struct store *store, const char *name, struct manifest *manifest);
