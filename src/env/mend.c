// SPDX-License-Identifier: Apache-2.0
#include "env/mend.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "env/launcher.h"
#include "env/origin.h"

// All that the environment sees of an entry, by links that lead there, is there with its size.
static int is_whole(const char *entry, const struct manifest *manifest)
{
    CLEANUP_CLOSE int dir = open(entry, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; dir >= 0 && i < manifest->file_count; i++) {
        struct stat st;
        const struct manifest_file *file = &manifest->file[i];
        const struct manifest_folder *folder = &manifest->folder[file->folder];
        CLEANUP_FREE char *path = mem_print("%s/%s%s%s", scheme_folder(folder->scheme),
                                            folder->path, *folder->path ? "/" : "", file->name);
        if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
            (uint64_t)st.st_size != file->size)
            return 0;
    }
    return dir >= 0;
}

static int is_lost(const char *entry, const struct dist *dist)
{
    struct arena arena = {0};
    const struct manifest *manifest;
    int lost = origin_read(&arena, entry, &manifest, NULL) < 0 ||
               strcmp(manifest->info, dist->info) != 0 || !is_whole(entry, manifest);
    arena_free(&arena);
    return lost;
}

// A command that starts an interpreter which is not there, or by sh another one than the environment's: the
// environment was moved.
static int is_stray(const struct site *site, const char *path)
{
    char text[4096] = "";
    CLEANUP_STR struct str own = {0};
    CLEANUP_FREE char *python = mem_print("%s/bin/python", site->prefix);
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    launcher_add_first(&own, python);
    if (size <= 0 || str_starts(text, own.text))
        return 0;
    if (str_starts(text, LAUNCHER_BY_SH))
        return 1;
    text[strcspn(text, "\n")] = '\0';
    return str_starts(text, "#!/") && str_ends(text, "/bin/python") &&
           access(text + strlen("#!"), X_OK) < 0;
}

static int has_strays(const struct site *site, const struct record_file *file)
{
    static const char bin[] = "../../../bin/";
    for (size_t i = 0; i < file->count; i++) {
        const char *path = file->row[i].path.text;
        if (!str_starts(path, bin) || strchr(path + strlen(bin), '/'))
            continue;
        CLEANUP_FREE char *whole = mem_print("%s/bin/%s", site->prefix, path + strlen(bin));
        if (is_stray(site, whole))
            return 1;
    }
    return 0;
}

static void look_at(const struct site *site, const struct dist *dist, struct mend *ret)
{
    CLEANUP_STR struct str record = {0}, url = {0};
    struct record_file file;
    struct arena arena = {0};
    CLEANUP_FREE char *entry = NULL;
    int strays = 0;
    if (dist->kind == DIST_INFO && dist_file(dist, "RECORD", &record, NULL) == 0 &&
        record_file_parse(&arena, (struct piece){str_text(&record), record.size}, &file,
                          NULL) == 0)
        entry = origin_entry(dist, &file);
    if (entry)
        strays = has_strays(site, &file);
    arena_free(&arena);
    if (!entry || (!strays && !is_lost(entry, dist)))
        return;
    CLEANUP_FREE char *requested = mem_print("%s/%s/REQUESTED", dist->folder, dist->info);
    mem_room(&ret->item, &ret->room, ret->count + 1, sizeof *ret->item);
    struct mend_item *item = &ret->item[ret->count++];
    *item = (struct mend_item){.dist = dist,
                               .entry = arena_dup(&ret->arena, fs_base(entry)),
                               .requested = access(requested, F_OK) == 0};
    if (dist_file(dist, "direct_url.json", &url, NULL) == 0)
        item->direct_url = arena_dup(&ret->arena, str_text(&url));
}

void mend_look(const struct site *site, const struct dists *dists, struct mend *ret)
{
    for (size_t i = 0; i < dists->count; i++)
        if (strcmp(dists->item[i].folder, site->packages) == 0)
            look_at(site, &dists->item[i], ret);
}

void mend_free(struct mend *mend)
{
    free(mend->item);
    arena_free(&mend->arena);
    *mend = (struct mend){0};
}
