// SPDX-License-Identifier: Apache-2.0
// store_verify: entries that were made without waiting for the disk, after a crash of the system.
//
// Waiting would cost as much as unpacking. So a manifest says in which boot its entry was made, and
// the first use after another boot reads the files once.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "store/plan.h"
#include "store/store_parts.h"
#include "store/unpack.h"

int store_is_doubtful(const struct store *store, const char *folder,
                      const struct manifest *manifest)
{
    struct stat st;
    if (!manifest->boot || strcmp(manifest->boot, store->boot) == 0)
        return 0;
    return stat(folder, &st) == 0 && st.st_uid == geteuid();
}

static int check_file(int dir, const struct manifest *manifest,
                      const struct manifest_file *file)
{
    CLEANUP_STR struct str path = {0}, text = {0};
    char hash[MANIFEST_HASH + 1];
    unpack_path(&path, &manifest->folder[file->folder]);
    str_print(&path, "/%s", file->name);
    if (fs_read(dir, path.text, file->size, &text, NULL) < 0 || text.size != file->size)
        return 0;
    plan_hash((struct piece){str_text(&text), text.size}, hash);
    return strcmp(hash, file->hash) == 0;
}

static int check_files(int dir, const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->file_count; i++)
        if (!check_file(dir, manifest, &manifest->file[i]))
            return 0;
    return 1;
}

int store_is_whole(const struct store *store, const char *name, const struct manifest *manifest)
{
    CLEANUP_CLOSE int dir =
        openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return dir >= 0 && check_files(dir, manifest);
}

int store_find(struct store *store, const char *name, struct arena *arena,
               struct store_entry *ret)
{
    if (*name == '.' || strchr(name, '/') ||
        store_load(store, name, NULL, arena, ret, NULL) < 0 || !ret->folder)
        return -1;
    return store_is_whole(store, fs_base(ret->folder), &ret->manifest) ? 0 : -1;
}

int store_verify(struct store *store, const char *name, struct manifest *manifest)
{
    CLEANUP_CLOSE int dir =
        openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP_STR struct str text = {0};
    if (dir < 0 || !check_files(dir, manifest))
        return 0;
    manifest->boot = NULL;
    manifest_write(&text, manifest);
    // where it cannot be written, it is compared again the next time
    if (fchmod(dir, 0755) == 0)
        fs_replace(dir, MANIFEST_FILE, text.text, text.size, 0444, 0, NULL);
    fchmod(dir, 0555);
    return 1;
}
