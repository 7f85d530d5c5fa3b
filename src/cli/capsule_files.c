// SPDX-License-Identifier: Apache-2.0
// capsule_files: files keep their place below the run's folder; what is outside of it gets one
// below. Links are followed: a capsule has real files.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/capsule.h"

enum { MAX_DEPTH = 60, MAX_NAMES = 10000 };

void capsule_files_free(struct capsule_files *files)
{
    table_free(&files->taken);
    table_free(&files->known);
    strv_free(&files->notes);
}

static struct image_member *add(struct capsule_files *files, const char *path,
                                enum image_kind kind)
{
    struct image *image = files->image;
    int is_new;
    mem_room(&image->member, &image->member_room, image->member_count + 1,
             sizeof *image->member);
    struct image_member *member = &image->member[image->member_count++];
    *member = (struct image_member){.kind = kind, .path = arena_dup(&image->arena, path)};
    *table_put(&files->taken, member->path, &is_new) = image->member_count;
    return member;
}

static struct image_member *find(const struct capsule_files *files, const char *path)
{
    const uint64_t *place = table_get(&files->taken, path);
    return place ? &files->image->member[*place - 1] : NULL;
}

static int clash(const char *path, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, path, strlen(path));
    return err_set(err, ERR_USAGE, _("two files would be '%s' in the capsule"), shown.text);
}

static int add_folder(struct capsule_files *files, const char *path, struct err *err)
{
    const struct image_member *there = find(files, path);
    if (there)
        return there->kind == IMAGE_FOLDER ? 0 : clash(path, err);
    add(files, path, IMAGE_FOLDER);
    return 0;
}

static int add_folders(struct capsule_files *files, const char *path, struct err *err)
{
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        CLEANUP_FREE char *folder = mem_dupn(path, (size_t)(slash - path));
        if (add_folder(files, folder, err) < 0)
            return -1;
    }
    return 0;
}

static int cannot_read(const char *path, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    int errnum = errno;
    str_add_visible(&shown, path, strlen(path));
    return err_errno(err, ERR_USAGE, errnum, _("cannot read '%s'"), shown.text);
}

static void note(struct capsule_files *files, const char *path, const char *why)
{
    CLEANUP_STR struct str text = {0};
    str_add_visible(&text, path, strlen(path));
    str_print(&text, _(": %s"), why);
    strv_add(&files->notes, text.text);
}

struct above { // the folders that we are in
    const struct above *above;
    dev_t device;
    ino_t inode;
    unsigned depth;
};

static int add_tree(struct capsule_files *files, const char *source, const char *path,
                    const struct above *above, struct err *err);

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_names(struct capsule_files *files, const char *source, const char *path,
                     const struct above *above, struct err *err)
{
    CLEANUP_STRV struct strv names = {0};
    DIR *stream = opendir(source);
    struct dirent *item;
    if (!stream)
        return cannot_read(source, err);
    while ((item = readdir(stream)))
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
            strv_add(&names, item->d_name);
    closedir(stream);
    if (names.count)
        qsort(names.item, names.count, sizeof *names.item, by_name);
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP_FREE char *from = mem_print("%s/%s", source, names.item[i]);
        CLEANUP_FREE char *to = mem_print("%s%s%s", path, *path ? "/" : "", names.item[i]);
        const char *why = image_capsule_refuses(to);
        if (why && !strstr(to, "__pycache__") && !strstr(to, ".lopin"))
            note(files, from, why);
        if (!why && add_tree(files, from, to, above, err) < 0)
            return -1;
    }
    return 0;
}

static int add_tree(struct capsule_files *files, const char *source, const char *path,
                    const struct above *above, struct err *err)
{
    struct stat st;
    const struct image_member *there = find(files, path);
    if (stat(source, &st) < 0) {
        if (above && (errno == ENOENT || errno == ELOOP)) {
            note(files, source, _("a link that leads nowhere"));
            return 0;
        }
        return cannot_read(source, err);
    }
    if (S_ISREG(st.st_mode)) {
        if (there)
            return there->source && strcmp(there->source, source) == 0 ? 0 : clash(path, err);
        struct image_member *member =
            add(files, path, st.st_mode & 0111 ? IMAGE_PROGRAM : IMAGE_FILE);
        member->size = (uint64_t)st.st_size;
        member->source = arena_dup(&files->image->arena, source);
        return 0;
    }
    if (!S_ISDIR(st.st_mode)) {
        if (!above)
            return err_set(err, ERR_USAGE, _("'%s' is neither a file nor a folder"), source);
        note(files, source, _("neither a file nor a folder"));
        return 0;
    }
    for (const struct above *at = above; at; at = at->above)
        if (at->device == st.st_dev && at->inode == st.st_ino) {
            note(files, source, _("a link to a folder that it is in"));
            return 0;
        }
    const struct above here = {above, st.st_dev, st.st_ino, above ? above->depth + 1 : 1};
    if (here.depth > MAX_DEPTH) {
        errno = ELOOP;
        return cannot_read(source, err);
    }
    return (*path && add_folder(files, path, err) < 0) ||
                   add_names(files, source, path, &here, err) < 0
               ? -1
               : 0;
}

// "name", "name-2", "name-3", whichever is free, before its ending.
static char *free_name(const struct capsule_files *files, const char *name)
{
    const char *base = fs_base(name), *dot = strrchr(base, '.');
    size_t stem = dot && dot > base ? (size_t)(dot - name) : strlen(name);
    for (unsigned i = 1; i < MAX_NAMES; i++) {
        char *path =
            i == 1 ? mem_dup(name) : mem_print("%.*s-%u%s", (int)stem, name, i, name + stem);
        if (!find(files, path))
            return path;
        free(path);
    }
    return mem_dup(name); // a clash is told
}

// Where a path of outside goes: its name is kept, as patterns show it; where it is taken, a
// folder is put between.
static char *place_outside(const struct capsule_files *files, const char *source,
                           const char *aside)
{
    for (unsigned i = 1; i < MAX_NAMES; i++) {
        char *path = i == 1
                         ? mem_print("%s%s%s", aside, *aside ? "/" : "", fs_base(source))
                         : mem_print("%s%s%u/%s", aside, *aside ? "/" : "", i, fs_base(source));
        if (!find(files, path))
            return path;
        free(path);
    }
    return mem_dup(fs_base(source));
}

int capsule_add_path(struct capsule_files *files, const char *path, const char *aside,
                     const char **ret, struct err *err)
{
    CLEANUP_FREE char *source = fs_absolute(files->cwd, path);
    CLEANUP_FREE char *padded = mem_print("/%s/", path);
    size_t size = strlen(files->cwd);
    int is_cwd = strcmp(source, files->cwd) == 0;
    // "a/../b" may lead elsewhere than its words say
    int is_inside = is_cwd || (strncmp(source, files->cwd, size) == 0 && source[size] == '/' &&
                               (*path == '/' || !strstr(padded, "/../")));
    CLEANUP_FREE char *real = is_inside ? NULL : realpath(path, NULL);
    if (real) {
        free(source);
        source = mem_dup(real);
    }
    const uint64_t *known = is_inside ? NULL : table_get(&files->known, source);
    if (known) {
        *ret = files->image->member[*known - 1].path;
        return 0;
    }
    CLEANUP_FREE char *place = is_cwd      ? mem_dup("")
                               : is_inside ? mem_dup(source + size + 1)
                                           : place_outside(files, path, aside);
    const char *why = *place ? image_capsule_refuses(place) : NULL;
    if (why)
        return err_set(err, ERR_USAGE, "'%s': %s", source, why);
    *ret = arena_dup(&files->image->arena, place);
    if (add_folders(files, place, err) < 0 || add_tree(files, source, place, NULL, err) < 0)
        return -1;
    if (!is_inside) {
        int is_new;
        const uint64_t *there = table_get(&files->taken, place);
        if (there)
            *table_put(&files->known, arena_dup(&files->image->arena, source), &is_new) =
                *there;
    }
    return 0;
}

int capsule_add_text(struct capsule_files *files, const char *name, const char *text,
                     size_t size, const char **ret, struct err *err)
{
    CLEANUP_FREE char *path = free_name(files, name);
    if (find(files, path))
        return clash(path, err);
    struct image_member *member = add(files, path, IMAGE_FILE);
    member->text = text;
    member->size = size;
    if (ret)
        *ret = member->path;
    return 0;
}

int capsule_add_file(struct capsule_files *files, const char *name, const char *source,
                     const char **ret, struct err *err)
{
    CLEANUP_FREE char *path = free_name(files, name);
    const char *kept = arena_dup(&files->image->arena, path);
    if (find(files, path))
        return clash(path, err);
    if (ret)
        *ret = kept;
    return add_tree(files, source, kept, NULL, err);
}
