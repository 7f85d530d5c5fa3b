// SPDX-License-Identifier: Apache-2.0
// routes: what is to be loaded before a module: every chain of modules each of which adds the folder
// of the next one.
#include <stdlib.h>

#include "spider/spider.h"

enum { MAX_DEPTH = 32, MAX_ROUTES = 1000 };

struct chain { // from the module outwards, without it
    const struct spider_module *of;
    const struct spider_module *link[MAX_DEPTH];
    size_t count;
};

static int has(const struct chain *chain, const struct spider_module *module)
{
    if (strcmp(chain->of->full, module->full) == 0)
        return 1;
    for (size_t i = 0; i < chain->count; i++)
        if (strcmp(chain->link[i]->full, module->full) == 0)
            return 1;
    return 0;
}

static void add_line(const struct chain *chain, struct strv *into)
{
    struct str line = {0};
    for (size_t i = chain->count; i-- > 0;)
        str_print(&line, "%s%s", chain->link[i]->full, i ? " " : "");
    strv_take(into, str_take(&line));
}

static void climb(struct chain *chain, const struct spider_folder *folder, struct strv *into)
{
    if (!folder->adders || folder->is_base) {
        if (chain->count)
            add_line(chain, into);
        return;
    }
    for (size_t i = 0; i < folder->adders && into->count < MAX_ROUTES; i++) {
        const struct spider_module *adder = folder->adder[i];
        if (chain->count == MAX_DEPTH || adder->is_hidden == SPIDER_GONE || has(chain, adder))
            continue;
        chain->link[chain->count++] = adder;
        climb(chain, adder->folder, into);
        chain->count--;
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void spider_routes(const struct spider *spider, const struct spider_module *module,
                   struct strv *into)
{
    (void)spider;
    CLEANUP_STRV struct strv lines = {0};
    struct chain chain = {.of = module};
    climb(&chain, module->folder, &lines);
    if (lines.count)
        qsort(lines.item, lines.count, sizeof *lines.item, compare);
    for (size_t i = 0; i < lines.count; i++)
        if (!i || strcmp(lines.item[i], lines.item[i - 1]) != 0)
            strv_add(into, lines.item[i]);
}
