// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/table.h"
#include "cli/env_image.h"
#include "wheel/record.h"

enum { RECORD_MAX = 256 << 20 };

struct records {
    const struct site *site;
    struct image *image;
    const char *packages; // the folder of packages below the environment
    struct table member;  // path -> place + 1
    struct arena arena;   // of one RECORD
};

// What a row is of, below the folder of packages or three folders above it.
static const struct image_member *find(const struct records *records, const char *path)
{
    static const char above[] = "../../../";
    CLEANUP_FREE char *full = str_starts(path, above)
                                  ? mem_dup(path + strlen(above))
                                  : mem_print("%s/%s", records->packages, path);
    const uint64_t *place = table_get(&records->member, full);
    return place ? &records->image->member[*place - 1] : NULL;
}

static int read_record(struct records *records, const char *path, struct record_file *ret,
                       struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (fs_read(AT_FDCWD, path, RECORD_MAX, &text, err) < 0)
        return -1;
    const struct piece copy = {arena_dupn(&records->arena, str_text(&text), text.size),
                               text.size};
    return record_file_parse(&records->arena, copy, ret, err) < 0 ? err_wrap(err, "%s", path)
                                                                  : 0;
}

// RECORD of the wheel, in the entry that a linked folder of the environment leads to. 1; 0: there is
// none; -1 with err.
static int read_original(struct records *records, const char *row, const char *info,
                         struct record_file *ret, struct err *err)
{
    CLEANUP_FREE char *folder = mem_print("%s/%s", records->site->packages, row);
    CLEANUP_FREE char *real = realpath(folder, NULL);
    if (!real || !str_ends(real, row))
        return 0;
    CLEANUP_FREE char *path =
        mem_print("%.*s%s/RECORD", (int)(strlen(real) - strlen(row)), real, info);
    if (strcmp(path + strlen(path) - strlen("/RECORD"), "/RECORD") != 0)
        return 0;
    return read_record(records, path, ret, err) < 0 ? -1 : 1;
}

static int is_below(const char *path, const char *folder)
{
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && path[size] == '/';
}

// A row for each file below the folder: as the wheel has it, and for bytecode, which it has not,
// without a hash.
static void add_folder(const struct records *records, const char *folder,
                       const struct record_file *original, struct str *into)
{
    struct table listed = {0};
    int is_new;
    for (size_t i = 0; i < original->count; i++) {
        const struct record_row *row = &original->row[i];
        if (!is_below(row->path.text, folder))
            continue;
        table_put(&listed, row->path.text, &is_new);
        record_file_add(into, row->path.text, row->has_sha256 ? row->sha256 : NULL, row->size);
    }
    CLEANUP_FREE char *full = mem_print("%s/%s", records->packages, folder);
    for (size_t i = 0; i < records->image->member_count; i++) {
        const struct image_member *member = &records->image->member[i];
        const char *path = member->path + strlen(records->packages) + 1;
        if (member->kind != IMAGE_FOLDER && is_below(member->path, full) &&
            !table_get(&listed, path))
            record_file_add(into, path, NULL, -1);
    }
    table_free(&listed);
}

static int expand(struct records *records, struct image_member *member, const char *info,
                  struct err *err)
{
    struct record_file file, original = {0};
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/%s", records->site->prefix, member->path);
    int changed = 0;
    if (read_record(records, path, &file, err) < 0)
        return -1;
    for (size_t i = 0; i < file.count; i++) {
        const struct record_row *row = &file.row[i];
        const struct image_member *there = find(records, row->path.text);
        if (there && there->kind == IMAGE_FOLDER) {
            if (!original.count &&
                read_original(records, row->path.text, info, &original, err) < 0)
                return -1;
            add_folder(records, row->path.text, &original, &text);
            changed = 1;
        } else if (there && there->kind == IMAGE_SCRIPT) { // another text in each place
            record_file_add(&text, row->path.text, NULL, -1);
            changed = 1;
        } else {
            record_file_add(&text, row->path.text, row->has_sha256 ? row->sha256 : NULL,
                            row->size);
        }
    }
    if (changed) {
        member->text = arena_dupn(&records->image->arena, str_text(&text), text.size);
        member->size = text.size;
    }
    return 0;
}

int env_pack_records(const struct site *site, struct image *image, struct err *err)
{
    CLEANUP_FREE char *packages =
        mem_print("lib/python%d.%d/site-packages", site->major, site->minor);
    struct records records = {.site = site, .image = image, .packages = packages};
    int is_new;
    int status = 0;
    for (size_t i = 0; i < image->member_count; i++)
        *table_put(&records.member, image->member[i].path, &is_new) = i + 1;
    for (size_t i = 0; i < image->member_count && status == 0; i++) {
        struct image_member *member = &image->member[i];
        if (!is_below(member->path, packages) || !str_ends(member->path, ".dist-info/RECORD"))
            continue;
        const char *info = member->path + strlen(packages) + 1;
        CLEANUP_FREE char *name = mem_dupn(info, strcspn(info, "/"));
        status = strchr(info + strlen(name) + 1, '/') ? 0 : expand(&records, member, name, err);
        arena_free(&records.arena);
    }
    table_free(&records.member);
    return status < 0 ? -1 : image_check_members(image, err);
}
