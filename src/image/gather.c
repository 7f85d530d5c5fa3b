// SPDX-License-Identifier: Apache-2.0
// gather: folder by folder, the files of one side by side, each folder in the order of its names: the same environment gives
// the same image, and whoever unpacks it fills one folder after another.
#include "image/gather.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "image/parts.h"

enum { MAX_DEPTH = 64 };

struct gather {
    const struct image_gather *ask;
    struct image *image;
    struct err *err;
    int root;
    struct str path; // of where we are
    struct stat above[MAX_DEPTH + 1];
    size_t depth;
};

static int cannot_read(struct gather *gather)
{
    return err_errno(gather->err, ERR_SYSTEM, errno, _("cannot read '%s/%s'"),
                     gather->ask->prefix, str_text(&gather->path));
}

static struct image_member *add(struct gather *gather, enum image_kind kind)
{
    struct image *image = gather->image;
    mem_room(&image->member, &image->member_room, image->member_count + 1,
             sizeof *image->member);
    struct image_member *member = &image->member[image->member_count++];
    *member = (struct image_member){.kind = kind,
                                    .path = arena_dup(&image->arena, str_text(&gather->path))};
    return member;
}

static void leave_out(struct gather *gather, const char *why)
{
    gather->ask->left_out(gather->ask->context, str_text(&gather->path), why);
}

// The words of a link, if they lead to the same inside of the environment, without a name before
// "..": then it stays a link.
static int stays_inside(struct gather *gather, const char *target, const struct stat *leads_to)
{
    struct stat st;
    const char *path = str_text(&gather->path), *rest = target;
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    while (str_starts(rest, "../")) {
        if (!size)
            return 0;
        while (size && path[size - 1] != '/')
            size--;
        size -= size > 0;
        rest += 3;
    }
    if (!*rest || *rest == '/' || str_ends(rest, "/.") || str_ends(rest, "/"))
        return 0;
    CLEANUP_FREE char *padded = mem_print("/%s/", rest);
    if (strstr(padded, "/../") || strstr(padded, "/./") || strstr(padded, "//"))
        return 0;
    CLEANUP_FREE char *goal = mem_print("%.*s%s%s", (int)size, path, size ? "/" : "", rest);
    return fstatat(gather->root, goal, &st, 0) == 0 && st.st_dev == leads_to->st_dev &&
           st.st_ino == leads_to->st_ino;
}

static void tell_followed(struct gather *gather)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", gather->ask->prefix, str_text(&gather->path));
    CLEANUP_FREE char *real = realpath(path, NULL);
    if (real)
        gather->ask->followed(gather->ask->context, str_text(&gather->path), real);
}

// 1: it is in the image as a link, or left out; 0: what it leads to is looked at; -1 with err.
static int take_link(struct gather *gather, int dir, const char *name, struct stat *st)
{
    char target[PATH_MAX];
    ssize_t size = readlinkat(dir, name, target, sizeof target - 1);
    if (size < 0)
        return cannot_read(gather);
    target[size] = '\0';
    if (fstatat(dir, name, st, 0) < 0) {
        if (errno != ENOENT && errno != ELOOP)
            return cannot_read(gather);
        leave_out(gather, _("a link that leads nowhere"));
        return 1;
    }
    if (stays_inside(gather, target, st)) {
        struct image_member *member = add(gather, IMAGE_LINK);
        member->target = arena_dup(&gather->image->arena, target);
        return 1;
    }
    tell_followed(gather);
    return 0;
}

static int take_script(struct gather *gather, int dir, const char *name,
                       struct image_member *member)
{
    CLEANUP_STR struct str text = {0}, made = {0};
    if (fs_read(dir, name, IMAGE_SCRIPT_MAX, &text, gather->err) < 0)
        return -1;
    if (!gather->ask->script(gather->ask->context, str_text(&text), text.size, &made))
        return 0;
    member->kind = IMAGE_SCRIPT;
    member->text = arena_dupn(&gather->image->arena, str_text(&made), made.size);
    member->size = made.size;
    return 0;
}

static int take_file(struct gather *gather, int dir, const char *name, const struct stat *st)
{
    int runs = (st->st_mode & 0111) != 0;
    struct image_member *member = add(gather, runs ? IMAGE_PROGRAM : IMAGE_FILE);
    member->size = (uint64_t)st->st_size;
    int is_command = runs && str_starts(member->path, "bin/") && !strchr(member->path + 4, '/');
    return is_command && st->st_size < IMAGE_SCRIPT_MAX ? take_script(gather, dir, name, member)
                                                        : 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_names(struct gather *gather, int dir, struct strv *ret)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (!stream) {
        mem_close_at(&fd);
        return cannot_read(gather);
    }
    errno = 0;
    while ((entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            strv_add(ret, entry->d_name);
    int errnum = errno;
    closedir(stream);
    errno = errnum;
    if (errnum)
        return cannot_read(gather);
    if (ret->count)
        qsort(ret->item, ret->count, sizeof *ret->item, by_name);
    return 0;
}

static void enter(struct gather *gather, const char *name)
{
    if (gather->path.size)
        str_add_char(&gather->path, '/');
    str_add(&gather->path, name);
}

static void leave(struct gather *gather, size_t size)
{
    gather->path.size = size;
    gather->path.text[size] = '\0';
}

// What is no folder; a folder is added to `folders` for later.
static int take_entry(struct gather *gather, int dir, const char *name, struct strv *folders)
{
    struct stat st;
    if (image_names_own(str_text(&gather->path)) ||
        gather->ask->skip(gather->ask->context, str_text(&gather->path)))
        return 0;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return cannot_read(gather);
    if (S_ISLNK(st.st_mode)) {
        int taken = take_link(gather, dir, name, &st);
        if (taken)
            return taken < 0 ? -1 : 0;
    }
    if (S_ISREG(st.st_mode))
        return take_file(gather, dir, name, &st);
    if (S_ISDIR(st.st_mode))
        strv_add(folders, name);
    else
        leave_out(gather, _("neither a file nor a folder"));
    return 0;
}

static int take_folder(struct gather *gather, int dir);

static int go_down(struct gather *gather, int above, const char *name)
{
    struct stat st;
    CLEANUP_CLOSE int dir = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &st) < 0)
        return cannot_read(gather);
    for (size_t i = 0; i < gather->depth; i++)
        if (gather->above[i].st_dev == st.st_dev && gather->above[i].st_ino == st.st_ino) {
            leave_out(gather, _("a link to a folder that it is in"));
            return 0;
        }
    if (gather->depth == MAX_DEPTH) {
        errno = ELOOP;
        return cannot_read(gather);
    }
    add(gather, IMAGE_FOLDER);
    gather->above[gather->depth++] = st;
    int status = take_folder(gather, dir);
    gather->depth--;
    return status;
}

static int take_folder(struct gather *gather, int dir)
{
    CLEANUP_STRV struct strv names = {0}, folders = {0};
    size_t size = gather->path.size;
    int status = list_names(gather, dir, &names);
    for (size_t i = 0; i < names.count && status == 0; i++) {
        enter(gather, names.item[i]);
        status = take_entry(gather, dir, names.item[i], &folders);
        leave(gather, size);
    }
    for (size_t i = 0; i < folders.count && status == 0; i++) {
        enter(gather, folders.item[i]);
        status = go_down(gather, dir, folders.item[i]);
        leave(gather, size);
    }
    return status;
}

int image_gather(const struct image_gather *ask, struct image *ret, struct err *err)
{
    struct gather gather = {.ask = ask, .image = ret, .err = err};
    CLEANUP_CLOSE int root = open(ask->prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || fstat(root, &gather.above[0]) < 0)
        return cannot_read(&gather);
    gather.root = root;
    gather.depth = 1;
    str_add(&gather.path, "");
    int status = take_folder(&gather, root);
    str_free(&gather.path);
    return status < 0 ? -1 : image_check_members(ret, err);
}
