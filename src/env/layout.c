// SPDX-License-Identifier: Apache-2.0
// layout: one pass over the sources. A link that a later source has to share is opened: it becomes a
// folder, and what it led to is added below it. Invariant: the table has each path once.
#include "env/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"

struct add { // one source being added
    struct layout *layout;
    const struct layout_source *sources;
    int number;
    struct err *err;
};

static const struct manifest *manifest_of(const struct add *add, int source)
{
    return add->sources[source].manifest;
}

static struct layout_item *find(const struct layout *layout, const char *path)
{
    const uint64_t *place = table_get(&layout->place, path);
    return place ? &layout->item[*place - 1] : NULL;
}

static void put(struct layout *layout, const char *path, enum layout_kind kind, int source,
                unsigned index)
{
    int is_new;
    const char *kept = arena_dup(&layout->arena, path);
    mem_room(&layout->item, &layout->room, layout->count + 1, sizeof *layout->item);
    layout->item[layout->count] = (struct layout_item){kept, kind, source, index};
    *table_put(&layout->place, kept, &is_new) = ++layout->count;
}

void layout_keep(struct layout *layout, const char *path, int is_folder)
{
    put(layout, path, is_folder ? LAYOUT_FOLDER : LAYOUT_FILE, LAYOUT_KEPT, 0);
}

void layout_add_path(struct str *into, const struct manifest *manifest, unsigned folder,
                     const char *name)
{
    const char *path = manifest->folder[folder].path;
    str_print(into, "%s%s%s", path, *path ? "/" : "", name);
}

static int has_file(const struct manifest *manifest, unsigned folder, const char *name)
{
    const struct manifest_folder *at = &manifest->folder[folder];
    for (size_t i = at->first; i < at->first + at->count; i++)
        if (strcmp(manifest->file[i].name, name) == 0)
            return 1;
    return 0;
}

// a.py, a.cpython-311-x86_64-linux-gnu.so, a.abi3.so; not libm.so, which a folder a.libs may have.
static int is_module(const char *name)
{
    return str_ends(name, ".py") ||
           (str_ends(name, ".so") && (strstr(name, ".cpython-") || str_ends(name, ".abi3.so")));
}

static int has_module(const struct manifest *manifest, unsigned folder)
{
    const struct manifest_folder *at = &manifest->folder[folder];
    for (size_t i = at->first; i < at->first + at->count; i++)
        if (is_module(manifest->file[i].name))
            return 1;
    return 0;
}

// Does a folder have modules of Python, itself or below it, but no __init__.py?
static int is_namespace(const struct manifest *manifest, unsigned folder)
{
    if (has_file(manifest, folder, "__init__.py"))
        return 0;
    for (unsigned i = folder; i < manifest->folder_count; i++) {
        unsigned at = i;
        while (at != folder && at != manifest->folder[at].parent)
            at = manifest->folder[at].parent;
        if (at == folder && has_module(manifest, i))
            return 1;
    }
    return 0;
}

// Must the folder be made, whoever else has it?
static int is_made(const struct layout *layout, const struct manifest *manifest,
                   unsigned folder)
{
    const struct manifest_folder *at = &manifest->folder[folder];
    int is_top = manifest->folder[at->parent].parent == at->parent;
    // Bytecode at the top, in a namespace or in a folder that is made is beside that of others.
    int is_shared =
        strcmp(at->name, "__pycache__") == 0 &&
        (is_top || manifest->folder[at->parent].real || is_namespace(manifest, at->parent));
    return layout->files || at->real || folder == manifest->info_folder || is_shared ||
           is_namespace(manifest, folder);
}

static int add_inside(const struct add *add, int source, unsigned folder);

static int add_file(const struct add *add, int source, unsigned file)
{
    struct layout *layout = add->layout;
    const struct manifest *manifest = manifest_of(add, source);
    CLEANUP_STR struct str path = {0};
    layout_add_path(&path, manifest, manifest->file[file].folder, manifest->file[file].name);
    struct layout_item *item = find(layout, path.text);
    if (!item) {
        put(layout, path.text, LAYOUT_FILE, source, file);
        return 0;
    }
    if (item->kind != LAYOUT_FILE)
        return err_set(add->err, ERR_BAD_WHEEL,
                       _("%s has a file '%s' where others have a folder"), manifest->wheel,
                       path.text);
    const struct manifest *other =
        item->source == LAYOUT_KEPT ? NULL : manifest_of(add, item->source);
    if (!other || strcmp(other->file[item->index].hash, manifest->file[file].hash) != 0)
        strv_take(&layout->clashes, mem_print("%s: %s, %s", path.text,
                                              other ? other->name : "?", manifest->name));
    item->source = source;
    item->index = file;
    return 0;
}

static int add_folder(const struct add *add, int source, unsigned folder)
{
    struct layout *layout = add->layout;
    const struct manifest *manifest = manifest_of(add, source);
    const char *path = manifest->folder[folder].path;
    struct layout_item *item = find(layout, path);
    if (!item) {
        int made = is_made(layout, manifest, folder);
        put(layout, path, made ? LAYOUT_FOLDER : LAYOUT_LINK, source, folder);
        return made ? add_inside(add, source, folder) : 0;
    }
    if (item->kind == LAYOUT_FILE)
        return err_set(add->err, ERR_BAD_WHEEL,
                       _("%s has a folder '%s' where others have a file"), manifest->wheel,
                       path);
    struct layout_item was = *item;
    item->kind = LAYOUT_FOLDER; // before what it had is added: the array may move
    if (was.kind == LAYOUT_LINK && add_inside(add, was.source, was.index) < 0)
        return -1;
    return add_inside(add, source, folder);
}

static int add_inside(const struct add *add, int source, unsigned folder)
{
    const struct manifest *manifest = manifest_of(add, source);
    const struct manifest_folder *at = &manifest->folder[folder];
    for (size_t i = at->first; i < at->first + at->count; i++)
        if (add_file(add, source, (unsigned)i) < 0)
            return -1;
    for (unsigned i = folder + 1; i < manifest->folder_count; i++)
        if (manifest->folder[i].parent == folder && add_folder(add, source, i) < 0)
            return -1;
    return 0;
}

int layout_add(struct layout *layout, const struct layout_source *sources, int number,
               struct err *err)
{
    const struct add add = {layout, sources, number, err};
    const struct manifest *manifest = sources[number].manifest;
    for (unsigned i = 0; i < manifest->folder_count; i++)
        if (manifest->folder[i].parent == i && manifest->folder[i].scheme == SCHEME_SITE)
            return add_inside(&add, number, i);
    return 0;
}

void layout_mark(struct layout *layout)
{
    enum { NOBODY = -2 };
    struct share {
        int owner; // of the first that is directly in it, else NOBODY
        int is_shared, has_links;
    } *share = mem_zero(layout->count + 1, sizeof *share);
    size_t count = layout->count;
    for (size_t i = 0; i < count; i++)
        share[i].owner = NOBODY;
    for (size_t i = 0; i < count && !layout->files; i++) {
        const struct layout_item *item = &layout->item[i];
        CLEANUP_FREE char *above = fs_folder(item->path);
        const uint64_t *place = table_get(&layout->place, above);
        if (!place)
            continue;
        struct share *in = &share[*place - 1];
        in->is_shared |= in->owner != NOBODY && in->owner != item->source;
        in->has_links |= item->kind != LAYOUT_FILE;
        in->owner = item->source;
    }
    for (size_t i = 0; i < count; i++)
        if (share[i].is_shared && share[i].has_links) {
            CLEANUP_FREE char *path = mem_print("%s/" LAYOUT_MARK_NAME, layout->item[i].path);
            put(layout, path, LAYOUT_MARK, LAYOUT_KEPT, 0);
        }
    free(share);
}

void layout_free(struct layout *layout)
{
    free(layout->item);
    table_free(&layout->place);
    strv_free(&layout->clashes);
    arena_free(&layout->arena);
    *layout = (struct layout){0};
}
