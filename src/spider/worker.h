// SPDX-License-Identifier: Apache-2.0
// worker: reading folders and evaluating files, by threads with an engine each. What they find is
// put into the spider by the thread that walks.
#pragma once

#include "module/catalog.h"
#include "modulefile/gather.h"
#include "spider/spider.h"

struct listing { // of a folder of MODULEPATH; texts are its own
    struct spider *spider;
    struct spider_folder *folder;
    struct catalog_list list;
    struct spider_place *place;
    size_t places, room;
    struct rc rc;
};
struct checking { // whether what a cache has of a folder is still so
    struct spider *spider;
    struct spider_folder *folder, *old;
    size_t cache; // which of the caches
    int is_current;
};
struct batch { // of files to evaluate
    struct spider *spider;
    struct spider_module **module;
    struct gathered *gathered;
    struct stamp {
        int64_t changed_ns, size;
    } * stamp;
    size_t count;
};
void worker_begin(struct spider *spider);
void worker_end(struct spider *spider); // waits for all
void worker_wait(struct spider *spider);
// `done` is called in this thread, perhaps at once, and frees what it is given.
void worker_list(struct spider *spider, struct spider_folder *folder,
                 void (*done)(void *listing));
void worker_check(struct spider *spider, const struct checking *checking,
                  void (*done)(void *checking));
void worker_evaluate(struct spider *spider, struct spider_module **module, size_t count,
                     void (*done)(void *batch));
// In this thread, while no other evaluates; looks: for its help too.
void worker_evaluate_now(struct spider *spider, struct spider_module *module, int looks,
                         void (*done)(void *batch));
void listing_free(struct listing *listing);
void batch_free(struct batch *batch);
// When a file or folder changed, as it is kept: 0 where it is so new that it may change again without
// a newer time.
int64_t worker_stamp(int64_t changed_ns);
