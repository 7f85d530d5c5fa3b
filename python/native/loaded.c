// SPDX-License-Identifier: Apache-2.0
// loaded: dl_iterate_phdr(3) for names, dlopen(3) with RTLD_NOLOAD for handles.
//
// The loader's lock is held during the walk, and by a thread that may not exist any more in a forked child: so
// the walk only copies names, and whoever forks scans before it, in the parent.
#include "loaded.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    unsigned long long moves, known; // the walk ends at once where nothing has moved
    struct loaded_list *list;
    int failed;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void add(struct walk *walk, const char *path)
{
    struct loaded_list *list = walk->list;
    struct loaded *item = realloc(list->item, (list->count + 1) * sizeof *item);
    if (item)
        list->item = item;
    char *copy = item ? strdup(path) : NULL;
    if (!copy)
        walk->failed = 1;
    else
        list->item[list->count++] = (struct loaded){.path = copy};
}

// Links are resolved after the walk; a name that leads elsewhere ("libblas.so.3") is kept for that.
static int is_candidate(const char *path)
{
    return strchr(path, '/') &&
           (family_of(base_name(path), NULL) || strstr(base_name(path), "blas"));
}

static int on_library(struct dl_phdr_info *info, size_t size, void *data)
{
    struct walk *walk = data;
    (void)size;
    walk->moves = info->dlpi_adds + info->dlpi_subs;
    if (walk->moves == walk->known)
        return 1;
    if (info->dlpi_name && is_candidate(info->dlpi_name))
        add(walk, info->dlpi_name);
    return walk->failed;
}

void *loaded_symbol(const struct loaded *library, const char *name)
{
    char whole[128];
    int size = snprintf(whole, sizeof whole, "%s%s%s", library->before, name, library->after);
    return size > 0 && (size_t)size < sizeof whole ? dlsym(library->handle, whole) : NULL;
}

// Builds of OpenBLAS with 64-bit integers, and SciPy's, have their names in other words.
static int find_affixes(struct loaded *library)
{
    static const char *const before[] = {"", "scipy_"};
    static const char *const after[] = {"", "64_", "_64"};
    int is_openblas = strcmp(library->family->internal_api, "openblas") == 0;
    for (int i = 0; i < (is_openblas ? 2 : 1); i++)
        for (int k = 0; k < (is_openblas ? 3 : 1); k++) {
            library->before = before[i];
            library->after = after[k];
            if (loaded_symbol(library, library->family->probe))
                return 0;
        }
    return -1;
}

static int is_known(const struct loaded_list *list, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list->item[i].path, path) == 0)
            return 1;
    return 0;
}

static void close_one(struct loaded *library)
{
    if (library->handle)
        dlclose(library->handle);
    free(library->path);
}

// Turns the name that the loader knows into a library of a family. Returns 0, or -1 if it is none.
static int open_one(struct loaded_list *list, size_t count, struct loaded *library)
{
    char real[PATH_MAX];
    if (!realpath(library->path, real) || is_known(list, count, real))
        return -1;
    library->family = family_of(base_name(real), &library->prefix);
    library->handle = library->family ? dlopen(library->path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    if (!library->handle || find_affixes(library) < 0)
        return -1;
    char *copy = strdup(real);
    if (!copy)
        return -1;
    free(library->path);
    library->path = copy;
    return 0;
}

int loaded_scan(struct loaded_list *list)
{
    struct loaded_list fresh = {0};
    struct walk walk = {.known = list->moves, .list = &fresh};
    int same = dl_iterate_phdr(on_library, &walk) == 1 && !walk.failed;
    if (same || walk.failed) {
        loaded_free(&fresh);
        return walk.failed ? -1 : 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < fresh.count; i++) {
        struct loaded one = fresh.item[i];
        if (open_one(&fresh, kept, &one) < 0)
            close_one(&one);
        else
            fresh.item[kept++] = one;
    }
    fresh.count = kept;
    fresh.moves = walk.moves;
    loaded_free(list);
    *list = fresh;
    return 1;
}

void loaded_free(struct loaded_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        close_one(list->item + i);
    free(list->item);
    *list = (struct loaded_list){0};
}
