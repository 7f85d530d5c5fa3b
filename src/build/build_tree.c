// SPDX-License-Identifier: Apache-2.0
// build_tree: what a folder of sources is, without reading its files.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "build/build.h"

enum { DEEPEST = 64 };

// What builds and tools write: none of it is a source.
static int is_made(const char *name)
{
    static const char *const folders[] = {"build", "dist", "__pycache__", "node_modules"};
    for (size_t i = 0; i < COUNT(folders); i++)
        if (strcmp(name, folders[i]) == 0)
            return 1;
    return name[0] == '.' || str_ends(name, ".egg-info") || str_ends(name, ".pyc");
}

static int by_name(const struct dirent **one, const struct dirent **two)
{
    return strcmp((*one)->d_name, (*two)->d_name);
}

static int is_wanted(const struct dirent *entry)
{
    return !is_made(entry->d_name);
}

static void add_file(struct hash *hash, int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, 0) < 0)
        return;
    const int64_t facts[] = {st.st_size, clock_ns(st.st_mtim), (int64_t)(st.st_mode & 0111)};
    hash_text(hash, name);
    hash_part(hash, facts, sizeof facts);
}

static void add_folder(struct hash *hash, int dir, int depth)
{
    struct dirent **list = NULL;
    int count = depth < DEEPEST ? scandirat(dir, ".", &list, is_wanted, by_name) : 0;
    for (int i = 0; i < count; i++) {
        const char *name = list[i]->d_name;
        // A link to a folder is not followed: it may lead upwards.
        int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0) {
            add_file(hash, dir, name);
        } else {
            hash_text(hash, name);
            add_folder(hash, below, depth + 1);
            close(below);
        }
        free(list[i]);
    }
    hash_text(hash, NULL);
    free(list);
}

char *build_identity(const char *folder, int editable)
{
    static const char *const how[] = {"pyproject.toml", "setup.py", "setup.cfg"};
    struct hash hash;
    CLEANUP_CLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    hash_begin(&hash);
    hash_text(&hash, folder);
    if (editable)
        for (size_t i = 0; i < COUNT(how); i++)
            add_file(&hash, dir, how[i]);
    else if (dir >= 0)
        add_folder(&hash, dir, 0);
    return mem_print("%s:%016llx", editable ? "editable" : "folder",
                     (unsigned long long)hash_end(&hash));
}
