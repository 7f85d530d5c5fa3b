// SPDX-License-Identifier: Apache-2.0
// fill_parts: what fill.c (who does what when) and fill_work.c (what is done to one wheel) share.
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "store/bytecode.h"
#include "store/plan.h"
#include "store/store_parts.h"
#include "store/unpack.h"

struct chunk;
struct fill {
    unsigned threads;
    struct store *store;
    const struct store_order *order;
    struct work *work; // of each wheel
    struct pool *pool;
    unsigned mask;
    atomic_int stop; // something failed: what has not begun does not
    size_t to_compile;
    uint64_t done[2], all[2]; // by stage
    pthread_mutex_t lock;     // of the inflaters that nobody has
    struct inflater **inflater;
    size_t inflater_count, inflater_room;
};
struct work {
    struct fill *fill;
    const struct store_wheel *wheel;
    struct store_entry *entry; // folder NULL until it is there
    struct stat st;            // of the file
    char key[17];
    char sha256[MANIFEST_SHA256 + 1];
    char *name; // of the entry, when the hash is known
    struct arena arena;
    struct plan plan;
    void *bytes; // the file, mapped
    size_t size;
    unsigned long number;
    char *temporary;
    int dir, dir_open; // of the temporary folder
    struct chunk *chunk;
    size_t chunk_count, chunks_left;
    unsigned char *compiled; // by file
    size_t sources_left;
    int replaces; // a damaged entry
    int done;     // published by us
    int failed;
    struct err err;
};
struct inflater *fill_inflater(struct fill *fill);
void fill_give_back(struct fill *fill, struct inflater *inflater);

// Looks for the entry by what the store remembers of the file. Returns 0, or -1 with err: there is no
// such file.
int work_recall(struct work *work, struct arena *arena, struct err *err);
// Maps and hashes the file; if its entry is not there, plans it and makes its folders (dir_open).
int work_begin(struct work *work, struct err *err);
// The number of sources to compile, and what compiling takes: strings of items are the caller's.
size_t work_sources(const struct work *work);
void work_list_sources(struct work *work, struct bytecode_item *into);
// Hashes bytecode, writes the manifest, publishes.
int work_finish(struct work *work, struct err *err);
// Reads the manifest of what was made or found.
int work_load(struct work *work, struct arena *arena, struct err *err);
// Removes what was not published.
void work_free(struct work *work);
