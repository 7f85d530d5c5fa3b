// SPDX-License-Identifier: Apache-2.0
// module_spider: spider, keyword, overview, and lists of what the spider found.
#pragma once

#include "cli/module.h"
#include "spider/index.h"

enum module_walk {
    MODULE_WALK_ANEW = 1 << 0,
    MODULE_WALK_SHALLOW = 1 << 1,
    MODULE_WALK_KNOWN = 1 << 2
};
// Walks from MODULEPATH; shallow: only its own folders; known: only what the caches have. spider_free also after failure.
int module_walk(struct module_work *work, struct spider *spider, unsigned how, struct err *err);

int module_spider(struct module_work *work, struct err *err);
int module_keyword(struct module_work *work, struct err *err);
int module_overview(struct module_work *work, struct err *err);
int module_cache(struct module_work *work, struct err *err);

// With hooks of the site: what load_spider gives to modules and isVisibleHook hides. The cache is not written then.
void module_hooked(struct module_work *work, struct spider *spider);
// The same of one that was evaluated since: properties besides those of its file, and whether it is hidden.
void module_hooked_one(struct module_work *work, struct spider *spider,
                       struct spider_module *module);
// " (words)" that a site puts behind a name of spider; "": none. Yours.
char *module_decoration(struct module_work *work, const struct spider_module *module);

struct module_shown { // of one name: what fits, as parts of the index
    const char *name;
    struct spider_module **module;
    const struct index_extension **extension;
    size_t modules, extensions;
    const char *full; // the only full name that fits; NULL: there are several
};
// Adds all that is known of one full name (module_spider_about.c).
void module_add_about(struct module_work *work, const struct spider *spider,
                      const struct index *index, const struct module_shown *shown);
// The same as an object. A new reference.
void *module_about_json(const struct spider *spider, const struct spider_module *module);
