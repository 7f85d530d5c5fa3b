// SPDX-License-Identifier: Apache-2.0
#include "made.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/str.h"

enum { ROOM = 64 };

static unsigned folder_at(struct arena *arena, struct manifest *manifest, const char *path)
{
    for (unsigned i = 0; i < manifest->folder_count; i++)
        if (strcmp(manifest->folder[i].path, path) == 0)
            return i;
    const char *slash = strrchr(path, '/');
    CLEANUP_FREE char *above = mem_dupn(path, slash ? (size_t)(slash - path) : 0);
    unsigned parent = folder_at(arena, manifest, above);
    const char *kept = arena_dup(arena, path);
    manifest->folder[manifest->folder_count] =
        (struct manifest_folder){.path = kept, .name = fs_base(kept), .parent = parent};
    if (str_ends(path, ".dist-info") && !manifest->info_folder) {
        manifest->info_folder = (unsigned)manifest->folder_count;
        manifest->info = kept;
    }
    return (unsigned)manifest->folder_count++;
}

static char *path_of(const char *word, char mark)
{
    char *path = mem_dup(word);
    if (mark)
        path[strlen(path) - 1] = '\0';
    return path;
}

static void set_real(struct manifest *manifest, unsigned folder)
{
    manifest->folder[folder].leaf = 1;
    for (; manifest->folder[folder].parent != folder; folder = manifest->folder[folder].parent)
        manifest->folder[folder].real = 1;
}

struct layout_source made_source(struct arena *arena, int number, const char *files)
{
    static const char *const hashes[] = {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                         "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"};
    struct manifest *manifest = arena_alloc(arena, sizeof *manifest);
    CLEANUP_STRV struct strv words = {0};
    char name[16];
    snprintf(name, sizeof name, "w%d", number);
    *manifest = (struct manifest){.wheel = arena_dup(arena, name)};
    manifest->name = manifest->wheel;
    manifest->info = "";
    manifest->folder = arena_alloc(arena, ROOM * sizeof *manifest->folder);
    manifest->file = arena_alloc(arena, ROOM * sizeof *manifest->file);
    manifest->folder[manifest->folder_count++] =
        (struct manifest_folder){.path = "", .name = ""};
    strv_split(&words, files, ' ');
    unsigned place[ROOM];
    for (size_t i = 0; i < words.count; i++) {
        size_t size = strlen(words.item[i]);
        char mark = strchr("#!", words.item[i][size - 1]) ? words.item[i][size - 1] : '\0';
        CLEANUP_FREE char *path = path_of(words.item[i], mark);
        const char *slash = strrchr(path, '/');
        CLEANUP_FREE char *folder = mem_dupn(path, slash ? (size_t)(slash - path) : 0);
        place[i] = folder_at(arena, manifest, folder);
        if (mark == '!')
            set_real(manifest, place[i]);
    }
    for (unsigned f = 0; f < manifest->folder_count; f++) { // a folder's files are side by side
        manifest->folder[f].first = manifest->file_count;
        for (size_t i = 0; i < words.count; i++) {
            if (place[i] != f)
                continue;
            char mark = words.item[i][strlen(words.item[i]) - 1];
            CLEANUP_FREE char *path = path_of(words.item[i], strchr("#!", mark) ? mark : '\0');
            manifest->file[manifest->file_count++] =
                (struct manifest_file){.name = fs_base(arena_dup(arena, path)),
                                       .hash = hashes[mark == '#'],
                                       .size = 1,
                                       .folder = f,
                                       .kind = FILE_PLAIN};
        }
        manifest->folder[f].count = manifest->file_count - manifest->folder[f].first;
    }
    char entry[32];
    snprintf(entry, sizeof entry, "/store/%d", number);
    return (struct layout_source){arena_dup(arena, entry), manifest};
}
