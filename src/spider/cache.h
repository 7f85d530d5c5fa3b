// SPDX-License-Identifier: Apache-2.0
// cache: what a spider found, as a file: "lopin-spider 3", folders of MODULEPATH with their modules,
// and where each of them is (docs/formats.md). A folder is read when it is asked for: of a large
// tree that is a small part. What is corrupt, cut off or of another version counts as absent.
#pragma once

#include "spider/spider.h"

struct cache_part { // a folder
    const char *path;
    uint64_t place; // in the file
    size_t size;
    uint32_t sum;
    int is_read;
    struct spider_folder *folder; // once it is read; NULL: it is no good
};
struct spider_cache { // zero-initialise to begin; cache_open fills it
    struct arena *arena;
    int fd;
    struct cache_part *part;
    size_t count;
    struct table places;
};
struct cache_text { // what is to be written; zero-initialise to begin
    struct str all, index;
    uint32_t folders;
};
// Returns 0, or -1 if there is none that can be read. All that is read is the arena's.
int cache_open(struct spider_cache *cache, struct arena *arena, const char *path);
void cache_close(struct spider_cache *cache);
struct spider_folder *cache_get(struct spider_cache *cache, const char *path); // NULL: none
// Adds the whole file.
void cache_add_head(struct cache_text *into);
void cache_add_folder(struct cache_text *into, const struct spider_folder *folder);
// One of a file that was read, as it is there; nothing if it is no good.
void cache_add_part(struct cache_text *into, const struct spider_cache *cache, size_t which);
void cache_add_end(struct cache_text *into);
void cache_text_free(struct cache_text *text);
#define CLEANUP_CACHE_TEXT CLEANUP(cache_text_free)

// A folder as it is in the file, and back: NULL if the bytes are not one, and nothing else. Its
// texts are in the bytes.
void cache_write_folder(struct str *into, const struct spider_folder *folder);
struct spider_folder *cache_read_folder(struct arena *arena, const char *bytes, size_t size);
