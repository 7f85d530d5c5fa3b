// SPDX-License-Identifier: Apache-2.0
#include "env/origin.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

enum { MANIFEST_MAX = 256 << 20 };

int origin_read(struct arena *arena, const char *entry, const struct manifest **ret,
                struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/%s", entry, MANIFEST_FILE);
    struct manifest *manifest = arena_alloc(arena, sizeof *manifest);
    if (fs_read(AT_FDCWD, path, MANIFEST_MAX, &text, err) < 0)
        return -1;
    char *kept = arena_dupn(arena, str_text(&text), text.size);
    *ret = manifest;
    return manifest_read(arena, kept, text.size, manifest, err) < 0 ? err_wrap(err, "%s", path)
                                                                    : 0;
}

// The entry that "PACKAGES/PATH" is a link into. NULL if it is none. Yours.
static char *entry_behind(const char *packages, const char *path)
{
    char target[4096];
    CLEANUP_FREE char *full = mem_print("%s/%s", packages, path);
    CLEANUP_FREE char *end = mem_print("/%s/%s", scheme_folder(SCHEME_SITE), path);
    ssize_t size = readlink(full, target, sizeof target - 1);
    if (size < 0)
        return NULL;
    target[size] = '\0';
    return str_ends(target, end) ? mem_dupn(target, (size_t)size - strlen(end)) : NULL;
}

char *origin_entry(const struct dist *dist, const struct record_file *file)
{
    size_t i = 0;
    while (i < file->count && (str_starts(file->row[i].path.text, dist->info) ||
                               str_starts(file->row[i].path.text, "../")))
        i++;
    return i < file->count ? entry_behind(dist->folder, file->row[i].path.text) : NULL;
}

const struct manifest *origin_manifest(struct arena *arena, const struct dist *dist)
{
    CLEANUP_STR struct str record = {0};
    struct record_file file;
    const struct manifest *manifest;
    if (dist->kind != DIST_INFO || dist_file(dist, "RECORD", &record, NULL) < 0)
        return NULL;
    const struct piece kept = {arena_dupn(arena, str_text(&record), record.size), record.size};
    if (record_file_parse(arena, kept, &file, NULL) < 0)
        return NULL;
    CLEANUP_FREE char *entry = origin_entry(dist, &file);
    return entry && origin_read(arena, entry, &manifest, NULL) == 0 &&
                   strcmp(manifest->info, dist->info) == 0
               ? manifest
               : NULL;
}
