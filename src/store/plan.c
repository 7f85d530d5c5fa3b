// SPDX-License-Identifier: Apache-2.0
// plan: the folders and files of a wheel, sorted into schemes. What stands beside them (METADATA,
// RECORD) is checked in plan_check.c.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/table.h"
#include "store/plan_parts.h"

// Unpacked, a wheel is at most so many times its own size, besides the first `free_size`: honest
// ones are below 20, deflate's limit is 1,032.
enum { MAX_RATIO = 200 };
static const uint64_t free_size = 64 << 20;

struct builder {
    struct arena *arena;
    struct manifest *manifest;
    size_t folder_room;
    struct table folder; // "SCHEME/path" -> index + 1
    struct table file;   // the same, in lower case -> 1
};

int plan_refuse(struct err *err, struct piece name, const char *words)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, name.text, name.size < 200 ? name.size : 200);
    return err_set(err, ERR_BAD_WHEEL, _("entry '%s': %s"), str_text(&shown), words);
}

static char *scheme_key(struct arena *arena, enum scheme scheme, struct piece path)
{
    char *key = arena_alloc(arena, path.size + 3);
    key[0] = (char)('0' + scheme);
    key[1] = '/';
    if (path.size)
        memcpy(key + 2, path.text, path.size);
    key[path.size + 2] = '\0';
    return key;
}

// The folder, made with those above it.
static unsigned add_folder(struct builder *builder, enum scheme scheme, struct piece path)
{
    int is_new;
    char *key = scheme_key(builder->arena, scheme, path);
    uint64_t *known = table_get(&builder->folder, key);
    if (known)
        return (unsigned)*known - 1;
    struct piece above = path;
    while (above.size && above.text[above.size - 1] != '/')
        above.size--;
    const char *name = key + 2 + above.size;
    above.size -= above.size > 0;
    unsigned parent = path.size ? add_folder(builder, scheme, above) : 0;
    struct manifest *manifest = builder->manifest;
    unsigned index = (unsigned)manifest->folder_count++;
    mem_room(&manifest->folder, &builder->folder_room, manifest->folder_count,
             sizeof *manifest->folder);
    manifest->folder[index] = (struct manifest_folder){
        .path = key + 2, .name = name, .scheme = scheme, .parent = path.size ? parent : index};
    *table_put(&builder->folder, key, &is_new) = index + 1;
    return index;
}

// What ".data" folders hold goes to the schemes that they name.
static int find_scheme(struct piece name, enum scheme *ret_scheme, struct piece *ret_path,
                       struct err *err)
{
    static const struct {
        const char *name;
        enum scheme scheme;
    } schemes[] = {{"purelib", SCHEME_SITE},
                   {"platlib", SCHEME_SITE},
                   {"scripts", SCHEME_SCRIPTS},
                   {"data", SCHEME_DATA},
                   {"headers", SCHEME_HEADERS}};
    struct piece rest = name, first = piece_cut(&rest, '/');
    *ret_scheme = SCHEME_SITE;
    *ret_path = name;
    if (!rest.size || first.size < 5 || memcmp(first.text + first.size - 5, ".data", 5) != 0)
        return 0;
    struct piece word = piece_cut(&rest, '/');
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (piece_is(word, schemes[i].name) && rest.size) {
            *ret_scheme = schemes[i].scheme;
            *ret_path = rest;
            return 0;
        }
    return plan_refuse(err, name, _("it belongs to no scheme of installation"));
}

struct found { // a file, before files are sorted by folder
    const struct zip_entry *entry;
    struct piece base;
    unsigned folder;
};

static int starts(struct piece piece, const char *text)
{
    return piece.size >= strlen(text) && memcmp(piece.text, text, strlen(text)) == 0;
}

// lib/python3.11/site-packages: there are links into the store, which nothing may be written through,
// and other packages' files.
static int is_packages(struct piece path)
{
    struct piece part[3];
    for (size_t i = 0; i < COUNT(part); i++)
        part[i] = piece_cut(&path, '/');
    return starts(part[0], "lib") && starts(part[1], "python") &&
           piece_is(part[2], "site-packages");
}

static int add_file(struct builder *builder, const struct zip_entry *entry, struct found *ret,
                    struct err *err)
{
    enum scheme scheme;
    struct piece path;
    int is_new;
    if (find_scheme(entry->name, &scheme, &path, err) < 0)
        return -1;
    char *key = scheme_key(builder->arena, scheme, path);
    for (char *at = key; *at; at++)
        *at = text_lower(*at);
    table_put(&builder->file, key, &is_new);
    if (!is_new)
        return plan_refuse(err, entry->name,
                           _("another has the same name, or one that differs only by case"));
    struct piece folder = path;
    while (folder.size && folder.text[folder.size - 1] != '/')
        folder.size--;
    ret->base = (struct piece){path.text + folder.size, path.size - folder.size};
    folder.size -= folder.size > 0;
    if (scheme == SCHEME_DATA && is_packages(path))
        return plan_refuse(err, entry->name,
                           _("it would come among other packages, past the scheme for that"));
    ret->folder = add_folder(builder, scheme, folder);
    ret->entry = entry;
    return 0;
}

// A file where a folder is.
static int check_clash(struct builder *builder, struct err *err)
{
    for (size_t i = 0; i < builder->manifest->folder_count; i++) {
        const struct manifest_folder *folder = &builder->manifest->folder[i];
        char *key = scheme_key(builder->arena, folder->scheme, piece_of(folder->path));
        for (char *at = key; *at; at++)
            *at = text_lower(*at);
        if (table_get(&builder->file, key))
            return plan_refuse(err, piece_of(folder->path),
                               _("a file and a folder have its name"));
    }
    return 0;
}

static int is_source(struct piece name)
{
    return name.size > 3 && memcmp(name.text + name.size - 3, ".py", 3) == 0;
}

static const char *bytecode_name(struct arena *arena, struct piece source, const char *python)
{
    CLEANUP_STR struct str name = {0};
    str_add_bytes(&name, source.text, source.size - 3);
    str_print(&name, ".%s.pyc", python);
    return arena_dupn(arena, name.text, name.size);
}

// Adds a place for the bytecode of each source; what the wheel brought there is left out.
static size_t add_bytecode(struct builder *builder, const char *python, struct found *found,
                           size_t count)
{
    struct table made = {0};
    size_t all = count, kept = 0;
    int is_new;
    for (size_t i = 0; i < count; i++) {
        const struct manifest_folder *folder = &builder->manifest->folder[found[i].folder];
        if (folder->scheme != SCHEME_SITE || !is_source(found[i].base))
            continue;
        CLEANUP_STR struct str path = {0};
        str_add(&path, folder->path);
        str_add(&path, path.size ? "/__pycache__" : "__pycache__");
        const char *name = bytecode_name(builder->arena, found[i].base, python);
        struct piece place = {arena_dupn(builder->arena, path.text, path.size), path.size};
        str_print(&path, "/%s", name);
        if (strlen(name) > 255)
            continue;
        unsigned index = add_folder(builder, SCHEME_SITE, place);
        table_put(&made,
                  scheme_key(builder->arena, SCHEME_SITE, (struct piece){path.text, path.size}),
                  &is_new);
        found[all++] = (struct found){.base = piece_of(name), .folder = index};
    }
    for (size_t i = 0; i < all; i++) {
        const struct manifest_folder *folder = &builder->manifest->folder[found[i].folder];
        CLEANUP_STR struct str key = {0};
        str_print(&key, "%d/%s/%.*s", folder->scheme, folder->path, (int)found[i].base.size,
                  found[i].base.text);
        if (!found[i].entry || !table_get(&made, key.text))
            found[kept++] = found[i];
    }
    table_free(&made);
    return kept;
}

static enum file_kind kind_of(const struct found *found, enum scheme scheme)
{
    if (!found->entry)
        return FILE_BYTECODE;
    return scheme == SCHEME_SCRIPTS || found->entry->mode & 0111 ? FILE_EXECUTABLE : FILE_PLAIN;
}

// Files in the order of their folders, by counting.
static void sort_files(struct arena *arena, struct found *found, size_t count,
                       struct plan *plan)
{
    struct manifest *manifest = &plan->manifest;
    manifest->file = arena_alloc(arena, (count + 1) * sizeof *manifest->file);
    plan->entry = arena_alloc(arena, (count + 1) * sizeof(void *));
    plan->row = arena_alloc(arena, (count + 1) * sizeof(void *));
    for (size_t i = 0; i < count; i++)
        manifest->folder[found[i].folder].count++;
    for (size_t i = 0; i < manifest->folder_count; i++) {
        manifest->folder[i].first = manifest->file_count;
        manifest->file_count += manifest->folder[i].count;
        manifest->folder[i].count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct manifest_folder *folder = &manifest->folder[found[i].folder];
        size_t at = folder->first + folder->count++;
        manifest->file[at] = (struct manifest_file){
            .name = arena_dupn(arena, found[i].base.text, found[i].base.size),
            .size = found[i].entry ? found[i].entry->size : 0,
            .folder = found[i].folder,
            .kind = kind_of(&found[i], folder->scheme)};
        plan->entry[at] = found[i].entry;
        plan->row[at] = NULL;
        plan->bytes += manifest->file[at].size;
    }
}

// lopin's own files in an environment begin so (.lopin-pending is a list of what is still to be removed).
static int is_ours(struct piece name)
{
    while (name.text) {
        struct piece part = piece_cut(&name, '/');
        if (starts(part, ".lopin-"))
            return 1;
    }
    return 0;
}

static int check_entry(const struct zip_entry *entry, struct err *err)
{
    const char *words = zip_check_name(entry->name);
    if (!words && is_ours(entry->name))
        words = _("it is the name of a file that lopin keeps in environments");
    if (!words && zip_is_special(entry))
        words = _("it is a link or a device");
    if (!words && zip_is_folder(entry) && entry->size)
        words = _("it is a folder with bytes in it");
    return words ? plan_refuse(err, entry->name, words) : 0;
}

static int collect(struct builder *builder, const char *python, struct plan *plan,
                   struct err *err)
{
    const struct zip *zip = &plan->zip;
    CLEANUP_FREE struct found *found = mem_alloc((2 * zip->count + 1) * sizeof *found);
    size_t count = 0;
    for (size_t i = 0; i < zip->count; i++) {
        if (check_entry(&zip->entry[i], err) < 0)
            return -1;
        if (!zip_is_folder(&zip->entry[i]) &&
            add_file(builder, &zip->entry[i], &found[count++], err) < 0)
            return -1;
    }
    if (check_clash(builder, err) < 0)
        return -1;
    if (python)
        count = add_bytecode(builder, python, found, count);
    sort_files(builder->arena, found, count, plan);
    return 0;
}

int plan_make(struct arena *arena, struct piece bytes, const char *wheel, const char *sha256,
              const char *python, struct inflater *inflater, struct plan *ret, struct err *err)
{
    *ret = (struct plan){
        .manifest = {.wheel = wheel, .sha256 = sha256, .python = python ? python : "plain"}};
    if (zip_open(arena, bytes, &ret->zip, err) < 0)
        return -1;
    if (ret->zip.total > free_size && (ret->zip.total - free_size) / MAX_RATIO > bytes.size)
        return err_set(err, ERR_BAD_WHEEL,
                       _("unpacked it would be more than %d times as large"), MAX_RATIO);
    struct builder builder = {.arena = arena, .manifest = &ret->manifest};
    add_folder(&builder, SCHEME_SITE, piece_of(""));
    int result = collect(&builder, python, ret, err);
    table_free(&builder.folder);
    table_free(&builder.file);
    // from the heap, where it grew, to the arena
    struct manifest_folder *folders = ret->manifest.folder;
    size_t size = ret->manifest.folder_count * sizeof *folders;
    ret->manifest.folder = memcpy(arena_alloc(arena, size), folders, size);
    free(folders);
    if (result < 0)
        return -1;
    return plan_check(arena, inflater, ret, err);
}
