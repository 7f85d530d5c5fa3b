// SPDX-License-Identifier: Apache-2.0
// unpack: the folders and files of an entry, and what is seen in libraries on the way.
#include "store/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "store/unpack_file.h"
#include "wheel/elf.h"

void unpack_facts_free(struct unpack_facts *facts)
{
    strv_free(&facts->interpreters);
    free(facts->leaf);
    *facts = (struct unpack_facts){0};
}

static void add_interpreter(struct arena *arena, const char *path, struct manifest *manifest)
{
    enum { MAX_INTERPRETERS = 16 };
    if (!manifest->interpreter)
        manifest->interpreter = arena_alloc(arena, MAX_INTERPRETERS * sizeof(char *));
    for (size_t i = 0; i < manifest->interpreter_count; i++)
        if (strcmp(manifest->interpreter[i], path) == 0)
            return;
    if (manifest->interpreter_count < MAX_INTERPRETERS)
        manifest->interpreter[manifest->interpreter_count++] = arena_dup(arena, path);
}

static void take_glibc(struct libc_version *most, struct libc_version other)
{
    if (other.major > most->major || (other.major == most->major && other.minor > most->minor))
        *most = other;
}

void unpack_facts_apply(struct arena *arena, const struct unpack_facts *facts,
                        struct manifest *manifest)
{
    take_glibc(&manifest->glibc, facts->glibc);
    if (facts->machine)
        manifest->machine = facts->machine;
    for (size_t i = 0; i < facts->interpreters.count; i++)
        add_interpreter(arena, facts->interpreters.item[i], manifest);
    for (size_t i = 0; i < facts->leaf_count; i++)
        manifest->folder[facts->leaf[i]].leaf = 1;
}

void unpack_path(struct str *into, const struct manifest_folder *folder)
{
    str_add(into, scheme_folder(folder->scheme));
    if (*folder->path)
        str_print(into, "/%s", folder->path);
}

int unpack_folders(int dir, const struct manifest *manifest, struct err *err)
{
    for (size_t i = 0; i < manifest->folder_count; i++) {
        CLEANUP_STR struct str path = {0};
        unpack_path(&path, &manifest->folder[i]);
        if (mkdirat(dir, path.text, 0755) < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), path.text);
    }
    return 0;
}

// Whether the loader would find something of this wheel there: a folder with files of it.
static int is_inside(const struct manifest *manifest, const struct manifest_folder *from,
                     struct piece way)
{
    CLEANUP_STR struct str path = {0};
    str_add(&path, from->path);
    for (int more = 1; more;) {
        struct piece part = piece_cut(&way, '/');
        more = way.text != NULL;
        if (!part.size || piece_is(part, "."))
            continue;
        if (piece_is(part, "..")) {
            if (!path.size)
                return 0;
            while (path.size && path.text[path.size - 1] != '/')
                path.size--;
            path.size -= path.size > 0;
            path.text[path.size] = '\0';
            continue;
        }
        if (path.size)
            str_add_char(&path, '/');
        str_add_bytes(&path, part.text, part.size);
    }
    for (size_t i = 0; i < manifest->folder_count; i++)
        if (manifest->folder[i].scheme == from->scheme &&
            strcmp(manifest->folder[i].path, str_text(&path)) == 0)
            return manifest->folder[i].count > 0;
    return 0;
}

// Whether a library of the folder is to look outside of the wheel, from where it is itself.
static int leaves(const struct manifest *manifest, const struct manifest_folder *folder,
                  struct piece runpath)
{
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
    while (runpath.text) {
        struct piece part = piece_cut(&runpath, ':');
        for (size_t i = 0; i < COUNT(origins); i++) {
            size_t size = strlen(origins[i]);
            if (part.size < size || memcmp(part.text, origins[i], size) != 0)
                continue;
            struct piece way = {part.text + size, part.size - size};
            if (!is_inside(manifest, folder, way))
                return 1;
        }
    }
    return 0;
}

static int is_plain(struct piece text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.text[i] < ' ' || text.text[i] == 0x7f)
            return 0;
    return text.size > 0 && text.size < 4096;
}

static void add_leaf(const struct manifest_file *file, struct unpack_facts *facts)
{
    mem_room(&facts->leaf, &facts->leaf_room, facts->leaf_count + 1, sizeof *facts->leaf);
    facts->leaf[facts->leaf_count++] = file->folder;
}

// A package that says itself that others may have parts of it (pkgutil, pkg_resources): whoever
// installs such a part writes into its folder.
static int is_shared(const struct manifest_file *file, struct piece content)
{
    static const char *const words[] = {"extend_path", "declare_namespace"};
    if (strcmp(file->name, "__init__.py") != 0)
        return 0;
    for (size_t i = 0; i < COUNT(words); i++)
        if (content.size && memmem(content.text, content.size, words[i], strlen(words[i])))
            return 1;
    return 0;
}

static void look_at(const struct manifest *manifest, const struct manifest_file *file,
                    struct piece content, struct unpack_facts *facts)
{
    struct elf elf;
    if (is_shared(file, content))
        add_leaf(file, facts);
    if (content.size < 4 || memcmp(content.text, "\177ELF", 4) != 0 ||
        elf_read(content, &elf) < 0)
        return;
    facts->machine = elf.machine;
    take_glibc(&facts->glibc, elf.glibc);
    if (is_plain(elf.interpreter)) {
        char *path = mem_dupn(elf.interpreter.text, elf.interpreter.size);
        strv_take(&facts->interpreters, path);
    }
    if (leaves(manifest, &manifest->folder[file->folder], elf.runpath))
        add_leaf(file, facts);
}

// One file: read, looked at, compared with RECORD, written.
static int unpack_one(int folder, struct plan *plan, size_t index, unsigned mask,
                      struct inflater *inflater, struct arena *arena,
                      struct unpack_facts *facts, struct err *err)
{
    struct manifest *manifest = &plan->manifest;
    struct manifest_file *about = &manifest->file[index];
    struct unpack_file file;
    char hash[MANIFEST_HASH + 1];
    if (unpack_file_read(folder, plan, index, inflater, &file, err) < 0 ||
        plan_check_hash(plan, index, file.content, hash, err) < 0) {
        unpack_file_drop(&file);
        return -1;
    }
    if (manifest->folder[about->folder].scheme == SCHEME_SCRIPTS && file.content.size >= 8 &&
        memcmp(file.content.text, "#!python", 8) == 0)
        about->kind = FILE_SCRIPT;
    look_at(manifest, about, file.content, facts);
    if (unpack_file_save(folder, about, mask, &file, err) < 0) {
        unpack_file_drop(&file);
        return -1;
    }
    about->hash = arena_dupn(arena, hash, MANIFEST_HASH);
    return 0;
}

int unpack_files(int dir, struct plan *plan, size_t from, size_t to, unsigned mask,
                 struct inflater *inflater, struct arena *arena, struct unpack_facts *facts,
                 struct err *err)
{
    struct manifest *manifest = &plan->manifest;
    CLEANUP_CLOSE int folder = -1;
    unsigned open_folder = UINT32_MAX;
    for (size_t i = from; i < to; i++) {
        unsigned wanted = manifest->file[i].folder;
        if (!plan->entry[i])
            continue;
        if (wanted != open_folder) {
            CLEANUP_STR struct str path = {0};
            unpack_path(&path, &manifest->folder[wanted]);
            mem_close_at(&folder);
            folder = openat(dir, path.text, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (folder < 0)
                return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"),
                                 path.text);
            open_folder = wanted;
        }
        if (unpack_one(folder, plan, i, mask, inflater, arena, facts, err) < 0)
            return -1;
    }
    return 0;
}

int unpack_close(int dir, const struct manifest *manifest, struct err *err)
{
    for (size_t i = 0; i < manifest->folder_count; i++) {
        CLEANUP_STR struct str path = {0};
        unpack_path(&path, &manifest->folder[i]);
        // a folder for bytecode that has none is not there any more
        if (fchmodat(dir, path.text, 0555, 0) < 0 && errno != ENOENT)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot close folder '%s'"), path.text);
    }
    return 0;
}
