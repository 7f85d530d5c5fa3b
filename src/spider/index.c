// SPDX-License-Identifier: Apache-2.0
#include "spider/index.h"

#include <stdlib.h>

#include "module/order.h"

static int compare_modules(const void *a, const void *b)
{
    const struct spider_module *left = *(struct spider_module *const *)a;
    const struct spider_module *right = *(struct spider_module *const *)b;
    int by_name = strcmp(left->name, right->name);
    int by_order = by_name ? by_name : strcmp(left->order, right->order);
    return by_order ? by_order : strcmp(left->folder->path, right->folder->path);
}

static int compare_extensions(const void *a, const void *b)
{
    const struct index_extension *left = a, *right = b;
    int by_name = strcmp(left->name, right->name);
    int by_order = by_name ? by_name : strcmp(left->order, right->order);
    return by_order ? by_order : compare_modules(&left->module, &right->module);
}

struct building {
    struct index *index;
    index_fits *fits;
    const void *data;
    size_t room, extension_room;
};

static void add_extensions(struct building *building, struct spider_module *module)
{
    struct index *index = building->index;
    const char *full = module->extensions.first;
    for (size_t i = 0; i < module->extensions.count; i++, full = texts_next(full)) {
        const char *slash = strchr(full, '/');
        const char *name =
            slash ? arena_dupn(&index->arena, full, (size_t)(slash - full)) : full;
        if (building->fits && !building->fits(building->data, name, full))
            continue;
        mem_room(&index->extension, &building->extension_room, index->extensions + 1,
                 sizeof *index->extension);
        index->extension[index->extensions++] =
            (struct index_extension){.name = name,
                                     .full = full,
                                     .order = order_key(slash ? slash + 1 : ""),
                                     .module = module};
    }
}

static void add_module(struct building *building, struct spider_module *module)
{
    struct index *index = building->index;
    add_extensions(building, module);
    if (building->fits && !building->fits(building->data, module->name, module->full))
        return;
    mem_room(&index->module, &building->room, index->modules + 1, sizeof(void *));
    index->module[index->modules++] = module;
}

void index_build(struct index *index, const struct spider *spider, int hidden, index_fits *fits,
                 const void *data)
{
    struct building building = {.index = index, .fits = fits, .data = data};
    *index = (struct index){0};
    for (size_t i = 0; i < spider->count; i++)
        for (size_t k = 0; k < spider->folder[i]->modules; k++)
            if (spider->folder[i]->module[k].is_hidden <= (hidden ? SPIDER_HIDDEN : 0))
                add_module(&building, &spider->folder[i]->module[k]);
    if (index->modules)
        qsort(index->module, index->modules, sizeof(void *), compare_modules);
    if (index->extensions)
        qsort(index->extension, index->extensions, sizeof *index->extension,
              compare_extensions);
}

void index_free(struct index *index)
{
    for (size_t i = 0; i < index->extensions; i++)
        free(index->extension[i].order);
    free(index->module);
    free(index->extension);
    arena_free(&index->arena);
    *index = (struct index){0};
}

const char *index_description(const struct spider_module *module)
{
    const char *line = module->whatis.first;
    for (size_t i = 0; i < module->whatis.count; i++, line = texts_next(line)) {
        const char *at = line + strspn(line, " \t\n");
        if (!str_starts(at, "Description"))
            continue;
        at += strlen("Description");
        at += strspn(at, " \t");
        if (*at == ':')
            return at + 1 + strspn(at + 1, " \t\n");
    }
    return NULL;
}

int index_has_mark(const struct spider_module *module, const char *property, const char *value)
{
    const char *mark = module->marks.first;
    size_t size = strlen(property);
    for (size_t i = 0; i < module->marks.count; i++, mark = texts_next(mark))
        if (strncmp(mark, property, size) == 0 && mark[size] == '\t' &&
            strcmp(mark + size + 1, value) == 0)
            return 1;
    return 0;
}
