// SPDX-License-Identifier: Apache-2.0
#include "env/put.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/table.h"
#include "env/keep.h"
#include "wheel/record.h"

#define INSTALLER "lopin\n"

struct put {
    int into;
    const struct layout *layout;
    const struct layout_source *sources;
    struct put_dist *dists;
    enum put_mode mode;
    int apart;           // the store is on another file system: no hard links
    struct str *records; // one a source
    const char
        *first[2]; // INSTALLER and REQUESTED that were written: all others are links to them
    struct arena arena;
    struct err *err;
};

static int failed(const struct put *put, const char *path)
{
    return err_errno(put->err, ERR_SYSTEM, errno, _("cannot install '%s'"), path);
}

int put_file(int into, const char *path, const char *from, enum put_mode mode)
{
    switch (mode) {
    case PUT_SYM: return symlinkat(from, into, path);
    case PUT_HARD:
        if (linkat(AT_FDCWD, from, into, path, 0) == 0)
            return 0;
        if (errno != EXDEV && errno != EPERM && errno != EMLINK)
            return -1;
        // too many links, or a file system without: that one is copied
        return keep_copy_file(AT_FDCWD, from, into, path, S_IWUSR);
    case PUT_COPY: break;
    }
    return keep_copy_file(AT_FDCWD, from, into, path, S_IWUSR);
}

// "sha256=...,size" as the manifest knows them; bytecode has none in RECORD, as pip has it.
static void add_row(struct str *record, const char *path, const struct manifest_file *file)
{
    record_file_add(record, path, NULL, -1);
    if (!file || file->kind == FILE_BYTECODE)
        return;
    record->size -= strlen(",,\n");
    record->text[record->size] = '\0';
    str_print(record, ",sha256=%s,%llu\n", file->hash, (unsigned long long)file->size);
}

// Of a dist-info the files are hard links where they can be: an inode of their own each (a symbolic
// link) costs three times as much, and they are half of all there is to make.
static int put_once(struct put *put, const struct layout_item *item, const char *below)
{
    const struct layout_source *source = &put->sources[item->source];
    const struct manifest_file *file = &source->manifest->file[item->index];
    CLEANUP_FREE char *from = mem_print("%s/%s", source->entry, below);
    if (put->mode == PUT_SYM && !put->apart && file->folder == source->manifest->info_folder) {
        if (linkat(AT_FDCWD, from, put->into, item->path, 0) == 0)
            return 0;
        put->apart = errno == EXDEV;
    }
    return put_file(put->into, item->path, from, put->mode);
}

static int put_one_file(struct put *put, const struct layout_item *item)
{
    const struct layout_source *source = &put->sources[item->source];
    const struct manifest_file *file = &source->manifest->file[item->index];
    CLEANUP_FREE char *below = mem_print("%s/%s", scheme_folder(SCHEME_SITE), item->path);
    int status = put_once(put, item, below);
    if (status < 0 && errno == EEXIST && unlinkat(put->into, item->path, 0) == 0)
        status = put_once(put, item, below);
    if (status < 0)
        return failed(put, item->path);
    add_row(&put->records[item->source], item->path, file);
    return 0;
}

static int put_item(struct put *put, const struct layout_item *item)
{
    if (item->kind == LAYOUT_FOLDER)
        return mkdirat(put->into, item->path, 0777) < 0 && errno != EEXIST
                   ? failed(put, item->path)
                   : 0;
    if (item->kind == LAYOUT_MARK) {
        CLEANUP_CLOSE int fd =
            openat(put->into, item->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        return fd < 0 ? failed(put, item->path) : 0;
    }
    if (item->source == LAYOUT_KEPT)
        return 0;
    if (item->kind == LAYOUT_FILE)
        return put_one_file(put, item);
    const struct layout_source *source = &put->sources[item->source];
    CLEANUP_FREE char *target =
        mem_print("%s/%s/%s", source->entry, scheme_folder(SCHEME_SITE), item->path);
    if (symlinkat(target, put->into, item->path) < 0)
        return failed(put, item->path);
    add_row(&put->records[item->source], item->path, NULL);
    return 0;
}

// A file of a dist-info that is the environment's own.
static int write_own(const struct put *put, int source, const char *name, const char *text,
                     size_t size)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", put->sources[source].manifest->info, name);
    CLEANUP_CLOSE int fd =
        openat(put->into, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd < 0 || fs_write_all(fd, text, size) < 0 ? failed(put, path) : 0;
}

void put_row(struct str *rows, const char *path, const char *text, size_t size)
{
    struct sha256_ctx hash;
    unsigned char digest[RECORD_SHA256];
    sha256_init(&hash);
    sha256_update(&hash, size, (const uint8_t *)text);
    sha256_digest(&hash, sizeof digest, digest);
    record_file_add(rows, path, digest, (int64_t)size);
}

static int write_listed(const struct put *put, int source, const char *name, const char *text)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", put->sources[source].manifest->info, name);
    put_row(&put->records[source], path, text, strlen(text));
    return write_own(put, source, name, text, strlen(text));
}

// INSTALLER and REQUESTED are the same everywhere: one inode for all of them.
static int write_same(struct put *put, int source, int which, const char *name,
                      const char *text)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", put->sources[source].manifest->info, name);
    if (put->first[which] && linkat(put->into, put->first[which], put->into, path, 0) == 0) {
        put_row(&put->records[source], path, text, strlen(text));
        return 0;
    }
    put->first[which] = arena_dup(&put->arena, path);
    return write_listed(put, source, name, text);
}

int put_needs_top_level(int minor)
{
    return minor >= 10 && minor < 12;
}

static int has_top_level(const struct manifest *manifest)
{
    const struct manifest_folder *info = &manifest->folder[manifest->info_folder];
    for (size_t i = info->first; i < info->first + info->count; i++)
        if (strcmp(manifest->file[i].name, "top_level.txt") == 0)
            return 1;
    return 0;
}

// The modules and packages at the top, as importlib.metadata has them from RECORD: names in ".py" and
// folders with such a file somewhere below. Returns whether a folder is among them.
static int list_top_level(const struct manifest *manifest, struct str *ret)
{
    struct table seen = {0};
    int is_new;
    int has_folder = 0;
    for (size_t i = 0; i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->file[i];
        const struct manifest_folder *folder = &manifest->folder[file->folder];
        if (folder->scheme != SCHEME_SITE || !str_ends(file->name, ".py"))
            continue;
        while (*folder->path && *manifest->folder[folder->parent].path)
            folder = &manifest->folder[folder->parent];
        int is_folder = *folder->path != '\0';
        if (is_folder)
            table_put(&seen, folder->path, &is_new);
        if (!is_folder || is_new)
            str_print(ret, "%.*s\n",
                      (int)strlen(is_folder ? folder->path : file->name) - 3 * !is_folder,
                      is_folder ? folder->path : file->name);
        has_folder |= is_folder;
    }
    table_free(&seen);
    return has_folder;
}

static int write_top_level(struct put *put, int source)
{
    CLEANUP_STR struct str text = {0};
    const struct manifest *manifest = put->sources[source].manifest;
    if (put->mode != PUT_SYM || !put->dists[source].top_level || has_top_level(manifest) ||
        !list_top_level(manifest, &text))
        return 0;
    return write_listed(put, source, "top_level.txt", text.text);
}

static int finish_dist(struct put *put, int source)
{
    const struct put_dist *dist = &put->dists[source];
    struct str *record = &put->records[source];
    if (write_top_level(put, source) < 0)
        return -1;
    if (write_same(put, source, 0, "INSTALLER", INSTALLER) < 0 ||
        (dist->requested && write_same(put, source, 1, "REQUESTED", "") < 0) ||
        (dist->direct_url &&
         write_listed(put, source, "direct_url.json", dist->direct_url) < 0))
        return -1;
    str_add(record, str_text(&dist->outside));
    CLEANUP_FREE char *own = mem_print("%s/RECORD", put->sources[source].manifest->info);
    record_file_add(record, own, NULL, -1);
    return write_own(put, source, "RECORD", record->text, record->size);
}

// The wheel's own RECORD and what an installer writes are not linked.
static int is_own(const struct put *put, const struct layout_item *item)
{
    static const char *const names[] = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"};
    if (item->kind != LAYOUT_FILE || item->source == LAYOUT_KEPT)
        return 0;
    const struct manifest *manifest = put->sources[item->source].manifest;
    const struct manifest_file *file = &manifest->file[item->index];
    for (size_t i = 0; i < COUNT(names) && file->folder == manifest->info_folder; i++)
        if (strcmp(file->name, names[i]) == 0)
            return 1;
    return 0;
}

int put_layout(int into, const struct layout *layout, const struct layout_source *sources,
               struct put_dist *dists, size_t count, enum put_mode mode, struct err *err)
{
    struct put put = {.into = into,
                      .layout = layout,
                      .sources = sources,
                      .dists = dists,
                      .mode = mode,
                      .err = err};
    put.records = mem_zero(count + 1, sizeof *put.records);
    int status = 0;
    for (size_t i = 0; i < layout->count && status == 0; i++)
        if (!is_own(&put, &layout->item[i]))
            status = put_item(&put, &layout->item[i]);
    for (size_t i = 0; i < count && status == 0; i++)
        status = finish_dist(&put, (int)i);
    for (size_t i = 0; i < count; i++)
        str_free(&put.records[i]);
    free(put.records);
    arena_free(&put.arena);
    return status;
}

enum put_mode put_best(int into, const char *entry, enum put_mode wanted)
{
    static const char name[] = ".lopin-trial";
    if (wanted != PUT_HARD)
        return wanted;
    CLEANUP_FREE char *from = mem_print("%s/%s", entry, MANIFEST_FILE);
    if (linkat(AT_FDCWD, from, into, name, 0) < 0)
        return PUT_COPY;
    unlinkat(into, name, 0);
    return PUT_HARD;
}
