// SPDX-License-Identifier: Apache-2.0
// check: what an image may hold, before a byte of it is written anywhere.
#include <string.h>
#include <strings.h>

#include "base/lang.h"
#include "base/table.h"
#include "image/parts.h"
#include "image/tar.h"

enum { MAX_PATH = 3000, MAX_PART = 255, MAX_DEPTH = 64 };
static const uint64_t max_size = UINT64_C(1) << 40;

static int refuse(const char *path, const char *words, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, path, strlen(path));
    return err_set(err, ERR_BAD_IMAGE, "'%s': %s", str_text(&shown), words);
}

// Names between single slashes, none of them "." or "..". NULL, or what is wrong with it.
static const char *check_names(const char *path)
{
    size_t depth = 0;
    if (*path == '/')
        return _("its name is absolute");
    if (strlen(path) > MAX_PATH)
        return _("its name is too long");
    for (const char *at = path;; at++) {
        size_t size = strcspn(at, "/");
        if (size == 2 && at[0] == '.' && at[1] == '.')
            return _("its name leads out of its folder");
        if (!size || (size == 1 && *at == '.'))
            return _("its name has an empty part");
        if (size > MAX_PART || ++depth > MAX_DEPTH)
            return _("its name is too long");
        at += size;
        if (!*at)
            return NULL;
    }
}

// ".." only at the beginning, and no more of them than the link is deep: as folders of an image
// are real ones, that never leads out, through whatever other links.
static const char *check_target(const struct image_member *member)
{
    const char *rest = member->target;
    size_t depth = 0;
    for (const char *at = member->path; *at; at++)
        depth += *at == '/';
    while (str_starts(rest, "../")) {
        if (!depth--)
            return _("it is a link that leads out of the environment");
        rest += 3;
    }
    return check_names(rest) ? _("it is a link that leads out of the environment") : NULL;
}

int image_names_own(const char *path)
{
    static const char *const own[] = {"pyvenv.cfg",       ".gitignore",        "bin/activate",
                                      "bin/activate.csh", "bin/activate.fish", IMAGE_MARK,
                                      IMAGE_OLDEST};
    for (size_t i = 0; i < COUNT(own); i++)
        if (strcmp(path, own[i]) == 0)
            return 1;
    return str_starts(path, "bin/python") && !path[strspn(path + 10, "0123456789.") + 10];
}

// A part of the path has that name, letters of ASCII of both cases taken as one.
static int has_part(const char *path, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = path;; at++) {
        size_t length = strcspn(at, "/");
        if (length == size && strncasecmp(at, name, size) == 0)
            return 1;
        at += length;
        if (!*at)
            return 0;
    }
}

const char *image_capsule_refuses(const char *path)
{
    // lopin's and version control's settings may name programs; bytecode is read before its source
    static const char *const settings[] = {".lopin",     ".git",           ".hg",
                                           "lopin.toml", "pyproject.toml", "__pycache__"};
    for (size_t i = 0; i < COUNT(settings); i++)
        if (has_part(path, settings[i]))
            return _(
                "a capsule has no such file: programs would take settings or code from it");
    return strcasecmp(path, "RUN") == 0
               ? _("a capsule has no such file: it is made where it is unpacked")
               : NULL;
}

static const char *check_own(const struct image *image, const struct image_member *member)
{
    if (image->is_capsule) {
        if (member->kind != IMAGE_FOLDER && member->kind != IMAGE_FILE &&
            member->kind != IMAGE_PROGRAM)
            return _("a capsule has files and folders alone");
        return image_capsule_refuses(member->path);
    }
    if (image_names_own(member->path))
        return _("an image has no such file: it is made where it is unpacked");
    int is_frame = strcmp(member->path, "bin") == 0 || strcmp(member->path, "lib") == 0;
    return is_frame && member->kind != IMAGE_FOLDER ? _("it is not a folder") : NULL;
}

static int check_folder(const struct image_member *member, const struct table *folders,
                        struct arena *arena, struct err *err)
{
    const char *slash = strrchr(member->path, '/');
    if (!slash)
        return 0;
    const char *folder = arena_dupn(arena, member->path, (size_t)(slash - member->path));
    return table_get(folders, folder)
               ? 0
               : refuse(member->path, _("the image has no folder that it would be in"), err);
}

static char *lower(struct arena *arena, const char *path)
{
    char *copy = arena_dup(arena, path);
    for (char *at = copy; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return copy;
}

static int check_member(const struct image *image, const struct image_member *member,
                        struct table *folders, struct table *names, struct arena *arena,
                        struct err *err)
{
    int is_new;
    const char *words = check_names(member->path);
    if (!words && member->kind == IMAGE_LINK)
        words = check_target(member);
    if (!words)
        words = check_own(image, member);
    if (!words && member->size > (member->kind == IMAGE_SCRIPT ? IMAGE_SCRIPT_MAX : max_size))
        words = _("it is too large");
    if (words)
        return refuse(member->path, words, err);
    if (check_folder(member, folders, arena, err) < 0)
        return -1;
    table_put(names, image->is_capsule ? member->path : lower(arena, member->path), &is_new);
    if (!is_new)
        return refuse(member->path,
                      _("there are two of that name, upper and lower case taken "
                        "as one"),
                      err);
    if (member->kind == IMAGE_FOLDER)
        table_put(folders, member->path, &is_new);
    return 0;
}

int image_check_members(struct image *image, struct err *err)
{
    struct arena arena = {0};
    struct table folders = {0}, names = {0};
    uint64_t at = 0;
    int status = 0;
    for (size_t i = 0; i < image->member_count && status == 0; i++) {
        struct image_member *member = &image->member[i];
        status = check_member(image, member, &folders, &names, &arena, err);
        if (status < 0)
            break;
        member->at = at;
        at += tar_header_size(member) + tar_padded(tar_content(member));
        if (at > max_size)
            status = err_set(err, ERR_BAD_IMAGE, _("it is larger than any environment"));
    }
    image->size = at + TAR_END;
    table_free(&folders);
    table_free(&names);
    arena_free(&arena);
    return status;
}

int image_check(struct image *image, struct err *err)
{
    uint64_t at = 0, begin = 0;
    if (image_check_members(image, err) < 0)
        return -1;
    for (size_t i = 0; i < image->frame_count; i++) {
        struct image_frame *frame = &image->frame[i];
        frame->at = at;
        frame->begin = begin;
        if (!frame->size || frame->size > IMAGE_FRAME_MAX || !frame->packed ||
            frame->packed > UINT64_C(2) * IMAGE_FRAME_MAX)
            return err_set(err, ERR_BAD_IMAGE, _("part %zu has a size that it cannot have"),
                           i + 1);
        at += frame->packed;
        begin += frame->size;
        if (at > max_size || begin > max_size)
            return err_set(err, ERR_BAD_IMAGE, _("it is larger than any environment"));
    }
    return begin == image->size ? 0
                                : err_set(err, ERR_BAD_IMAGE,
                                          _("its parts are not the files that its index has"));
}
