// SPDX-License-Identifier: Apache-2.0
// lmodcache: the system cache of Lmod (spiderT.lua), as scDescriptT of lmodrc.lua or the folders of
// LMOD_SPIDER_CACHE_DIRS name it: what files say that our own caches do not have. Read as literals,
// never run.
#pragma once

#include "spider/spider.h"

struct lmodcache { // zero-initialise to begin; texts are the arena's
    int is_open;
    struct lmodcache_entry {
        const struct luatable *said; // of a file, as fileT has it
        int64_t stamp_ns;            // what is older was as it says
    } * entry;
    size_t count, room;
    struct table files; // path -> index in entry, from 1
    struct table leads; // path, without ".lua", of a file that adds folders to MODULEPATH
};
// Reads them, the first time. One that cannot be read is passed over.
void lmodcache_open(struct lmodcache *cache, struct arena *arena, const struct vars *vars);
void lmodcache_close(struct lmodcache *cache);
// Takes what a file says, but for those that add to MODULEPATH, which depends on who looks. When the
// file's folder changed must be known. Returns whether it did.
int lmodcache_take(const struct lmodcache *cache, struct arena *arena,
                   struct spider_module *module, int64_t folder_changed_ns);
