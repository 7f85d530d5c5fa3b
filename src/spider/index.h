// SPDX-License-Identifier: Apache-2.0
// index: what a spider found, by name.
#pragma once

#include "spider/spider.h"

struct index_extension {
    const char *name; // "numpy"
    const char *full; // "numpy/1.26"; borrowed
    char *order;
    struct spider_module *module; // that has it
};
struct index {                     // free with index_free
    struct spider_module **module; // by name, version and file
    struct index_extension *extension;
    size_t modules, extensions;
    struct arena arena;
};
// Of what is not hidden (if `hidden` of all that is not gone), and of that what fits: by name, and by full name, of a
// module or an extension. fits NULL: all.
typedef int index_fits(const void *data, const char *name, const char *full);
void index_build(struct index *index, const struct spider *spider, int hidden, index_fits *fits,
                 const void *data);
void index_free(struct index *index);
#define CLEANUP_INDEX CLEANUP(index_free)
// The module's Description: of whatis; NULL if it has none. Borrowed.
const char *index_description(const struct spider_module *module);
int index_has_mark(const struct spider_module *module, const char *property, const char *value);
