// SPDX-License-Identifier: Apache-2.0
// folder: what is known of one folder of MODULEPATH, and whether it is still so.
#pragma once

#include "spider/worker.h"

// Whether all its folders are as they were: one stat each.
int folder_is_current(const struct spider_folder *old);
// Takes what is known from the cache's folder, which is not to be used any more.
void folder_move(struct spider_folder *folder, struct spider_folder *old);
void folder_build(struct arena *arena, struct spider_folder *folder,
                  const struct listing *listing);
// Takes what is known of files that are as they were.
void folder_reuse(struct spider_folder *folder, const struct spider_folder *old);
// Whether the questions of a module have the same answers.
int folder_holds(const struct spider_module *module, const struct vars *vars);
int folder_is_same(const struct spider_module *module); // the file: one stat
// Whether an rc file on the way to the module was edited in its place.
int folder_rc_changed(const struct spider_module *module);
void folder_take(struct arena *arena, struct spider_module *module,
                 const struct gathered *gathered, int64_t changed_ns, int64_t size);
void folder_take_alone(void *batch); // for worker_evaluate
// Marks what rc files hide.
void folder_hide(struct spider *spider);
