// SPDX-License-Identifier: Apache-2.0
// source_parts: what the files of source share.
#pragma once

#include "base/table.h"
#include "source/cache.h"
#include "source/house.h"
#include "source/page.h"
#include "source/source.h"

struct place {
    enum source_kind kind;
    const char *where; // path, or URL as given
    const char *label;
    struct house house; // of a wheelhouse
    struct stat st;     // of a wheelhouse, before it is read
    struct page page;   // of links
    struct table seen;  // of links: normal names
    struct err err;     // of links: why there is no page
    int loaded;
};
struct part { // what an index says of a project
    const struct place *place;
    struct page page;
    int loaded, missing, offline;
    struct err err;
};
struct entry { // of a project
    struct source_project project;
    struct part *part; // one an index
    size_t part_count;
    int built;
};
struct source {
    struct source_ask ask;
    struct arena arena;
    struct place *place;
    size_t count, room;
    struct strv logins, trusted;
    struct net *net; // NULL until needed
    struct net_ask net_ask;
    struct pick formats;
    struct version *python;
    struct entry **entry;
    size_t entry_count, entry_room;
    struct table names; // -> entry + 1
};
// A page to ask for: of an index or of links.
struct want {
    const char *url;
    const char *accept;
    int64_t most;
    int lasting; // it never changes: METADATA
    struct cached got;
    int missing, offline; // 404; not in the cache
    struct err err;
};
// Fills `got` of all from the cache or the network.
void source_get(struct source *source, struct want *wants, size_t count);
// NULL with [fetch].
struct net *source_net(struct source *source, struct err *err);
struct entry *source_entry(struct source *source, const char *normal);
// Whether a wheelhouse has a wheel of the project that fits. They have been read.
int source_house_fits(struct source *source, const char *normal);
// All files of the project, ranked.
void source_build(struct source *source, struct entry *entry);
int source_load_links(struct source *source, struct place *place);
// Whether it fits (file->refused), and how well.
void source_judge(struct source *source, const char *normal, struct source_file *file);
// A file of one of these: 0, or -1 if its name cannot be read.
int source_read_name(struct source *source, struct source_file *file);
