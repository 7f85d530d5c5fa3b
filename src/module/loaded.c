// SPDX-License-Identifier: Apache-2.0
#include "module/loaded.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "module/spec.h"

static void module_free(struct loaded_module *module)
{
    free(module->name);
    free(module->full);
    free(module->file);
    free(module->user);
    free(module->key);
    strv_free(&module->marks);
    strv_free(&module->scripts);
    strv_free(&module->inherited);
}

static void module_copy(const struct loaded_module *module, struct loaded_module *ret)
{
    *ret = *module;
    ret->name = mem_dup(module->name);
    ret->full = mem_dup(module->full);
    ret->file = mem_dup(module->file);
    ret->user = mem_dup(module->user);
    ret->key = mem_dup(module->key ? module->key : "");
    ret->marks = (struct strv){0};
    strv_add_all(&ret->marks, &module->marks);
    ret->scripts = (struct strv){0};
    strv_add_all(&ret->scripts, &module->scripts);
    ret->inherited = (struct strv){0};
    strv_add_all(&ret->inherited, &module->inherited);
}

void loaded_free(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->count; i++)
        module_free(&loaded->item[i]);
    free(loaded->item);
    free(loaded->base_path);
    strv_free(&loaded->families);
    *loaded = (struct loaded){0};
}

void loaded_copy(const struct loaded *loaded, struct loaded *ret)
{
    *ret = (struct loaded){.last = loaded->last, .base_path = mem_dup(loaded->base_path)};
    strv_add_all(&ret->families, &loaded->families);
    for (size_t i = 0; i < loaded->count; i++)
        loaded_put(ret, &loaded->item[i]);
}

struct loaded_module *loaded_get(const struct loaded *loaded, const char *name)
{
    for (size_t i = 0; i < loaded->count; i++)
        if (strcmp(loaded->item[i].name, name) == 0)
            return &loaded->item[i];
    return NULL;
}

// "py@3.9:".
static struct loaded_module *find_spec(const struct loaded *loaded, const char *user)
{
    CLEANUP_FREE char *name = spec_name(user);
    struct loaded_module *module = name ? loaded_get(loaded, name) : NULL;
    return module && spec_fits(spec_versions(user), loaded_version(module)) ? module : NULL;
}

struct loaded_module *loaded_find(const struct loaded *loaded, const char *user)
{
    CLEANUP_FREE char *name = mem_dup(user);
    struct loaded_module *module;
    while (!(module = loaded_get(loaded, name))) {
        char *slash = strrchr(name, '/');
        if (!slash)
            return find_spec(loaded, user);
        *slash = '\0';
    }
    size_t size = strlen(user);
    if (strcmp(user, module->name) == 0 || strcmp(user, module->full) == 0)
        return module;
    return strncmp(user, module->full, size) == 0 && module->full[size] == '/' ? module : NULL;
}

struct loaded_module *loaded_put(struct loaded *loaded, const struct loaded_module *module)
{
    struct loaded_module copy;
    module_copy(module, &copy);
    struct loaded_module *place = loaded_get(loaded, module->name);
    if (place) {
        module_free(place);
    } else {
        mem_room(&loaded->item, &loaded->room, loaded->count + 1, sizeof *loaded->item);
        place = &loaded->item[loaded->count++];
    }
    *place = copy;
    return place;
}

void loaded_drop(struct loaded *loaded, const char *name)
{
    struct loaded_module *place = loaded_get(loaded, name);
    if (!place)
        return;
    module_free(place);
    *place = loaded->item[--loaded->count];
}

void loaded_activate(struct loaded *loaded, struct loaded_module *module)
{
    module->status = LOADED_ACTIVE;
    module->order = ++loaded->last;
}

static int compare(const void *a, const void *b)
{
    const struct loaded_module *left = *(struct loaded_module *const *)a;
    const struct loaded_module *right = *(struct loaded_module *const *)b;
    int left_waits = left->order <= 0, right_waits = right->order <= 0;
    if (left_waits != right_waits)
        return left_waits - right_waits;
    if (left->order != right->order)
        return labs(left->order) < labs(right->order) ? -1 : 1;
    return strcmp(left->name, right->name);
}

struct loaded_module **loaded_list(const struct loaded *loaded, int all)
{
    struct loaded_module **list = mem_zero(loaded->count + 1, sizeof(struct loaded_module *));
    size_t count = 0;
    for (size_t i = 0; i < loaded->count; i++) {
        int status = loaded->item[i].status;
        if (status == LOADED_ACTIVE || (all && status == LOADED_INACTIVE))
            list[count++] = &loaded->item[i];
    }
    qsort(list, count, sizeof *list, compare);
    return list;
}

static char **find_mark(const struct loaded_module *module, const char *property,
                        const char *value)
{
    size_t size = strlen(property);
    for (size_t i = 0; i < module->marks.count; i++) {
        const char *mark = module->marks.item[i];
        if (strncmp(mark, property, size) == 0 && mark[size] == '\t' &&
            strcmp(mark + size + 1, value) == 0)
            return &module->marks.item[i];
    }
    return NULL;
}

int loaded_is(const struct loaded_module *module, const char *property, const char *value)
{
    return find_mark(module, property, value) != NULL;
}

static void take_out(struct strv *list, char **place)
{
    free(*place);
    *place = list->item[--list->count];
    list->item[list->count] = NULL;
}

void loaded_unmark(struct loaded_module *module, const char *property, const char *value)
{
    char **place = find_mark(module, property, value);
    if (place)
        take_out(&module->marks, place);
}

const char *loaded_version(const struct loaded_module *module)
{
    size_t size = strlen(module->name);
    return strlen(module->full) > size ? module->full + size + 1 : "";
}

static char **find_family(const struct loaded *loaded, const char *family)
{
    size_t size = strlen(family);
    for (size_t i = 0; i < loaded->families.count; i++)
        if (strncmp(loaded->families.item[i], family, size) == 0 &&
            loaded->families.item[i][size] == '\t')
            return &loaded->families.item[i];
    return NULL;
}

const char *loaded_family(const struct loaded *loaded, const char *family)
{
    char **place = find_family(loaded, family);
    return place ? strchr(*place, '\t') + 1 : NULL;
}

void loaded_set_family(struct loaded *loaded, const char *family, const char *name)
{
    char **place = find_family(loaded, family);
    if (place)
        take_out(&loaded->families, place);
    if (name)
        strv_take(&loaded->families, mem_print("%s\t%s", family, name));
}
