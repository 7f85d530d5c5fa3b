// SPDX-License-Identifier: Apache-2.0
#include "env/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/left.h"
#include "env/launcher.h"
#include "wheel/entries.h"
#include "wheel/record.h"

enum { SCRIPT_MAX = 64 << 20 };

static int failed(struct err *err, const char *path)
{
    return err_errno(err, ERR_SYSTEM, errno, _("cannot install '%s'"), path);
}

// bin/python, bin/python3.11, pyvenv.cfg, bin/activate: the environment itself.
static int is_frame(const char *path)
{
    static const char python[] = "bin/python";
    size_t digits = str_starts(path, python) ? strspn(path + strlen(python), "0123456789.") : 0;
    return strcmp(path, "pyvenv.cfg") == 0 || strcmp(path, "bin/activate") == 0 ||
           (str_starts(path, python) && !path[strlen(python) + digits]);
}

// The folder above `path`, from the lowest that is there: the prefix.
static int make_above(const char *path)
{
    CLEANUP_FREE char *folder = fs_folder(path);
    if (mkdir(folder, 0777) == 0 || errno == EEXIST)
        return 0;
    return errno == ENOENT && make_above(folder) == 0 ? mkdir(folder, 0777) : -1;
}

// Where a file of the prefix is written for now: all in bin, where the next change looks for what a
// killed one left. Yours.
static char *begin(struct outside *outside, const char *path)
{
    if (outside->fresh)
        return mem_dup(path);
    CLEANUP_FREE char *name = left_name("bin", OUTSIDE_PREFIX);
    char *temporary = mem_print("%s-%zu", name, outside->waiting.count / 2);
    strv_add(&outside->waiting, temporary);
    strv_add(&outside->waiting, path);
    return temporary;
}

static void add_row(const struct outside *outside, const char *path, const struct str *text,
                    struct str *rows)
{
    CLEANUP_FREE char *up = mem_print("../../../%s", path);
    if (outside->hashes && text)
        put_row(rows, up, str_text(text), text->size);
    else
        record_file_add(rows, up, NULL, -1);
}

static int write_text(struct outside *outside, const char *path, const struct str *text,
                      struct str *rows, struct err *err)
{
    CLEANUP_FREE char *now = begin(outside, path);
    CLEANUP_FREE char *full = mem_print("%s/%s", outside->site->prefix, now);
    // A link of the frame (bin/pip3) is not written through.
    CLEANUP_CLOSE int fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0777);
    if (fd < 0 && errno == EEXIST && unlink(full) == 0)
        fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0777);
    if (fd < 0 || fs_write_all(fd, str_text(text), text->size) < 0)
        return failed(err, full);
    add_row(outside, path, text, rows);
    return 0;
}

static int put_command(struct outside *outside, const struct manifest *manifest,
                       const struct manifest_script *script, struct str *rows, struct err *err)
{
    struct piece module, object;
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("bin/%s", script->name);
    CLEANUP_FREE char *python = mem_print("%s/bin/python", outside->prefix);
    if (strchr(script->name, '/') || is_frame(path) || *script->name == '.' ||
        entry_object(piece_of(script->value), &module, &object) < 0)
        return err_set(err, ERR_BAD_WHEEL, _("%s has a command '%s' that cannot be"),
                       manifest->wheel, script->name);
    launcher_add(&text, python, module, object);
    return write_text(outside, path, &text, rows, err);
}

// "#!python" becomes the interpreter's path.
static int put_script(struct outside *outside, const char *from, const char *path,
                      struct str *rows, struct err *err)
{
    CLEANUP_STR struct str script = {0};
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *python = mem_print("%s/bin/python", outside->prefix);
    if (fs_read(AT_FDCWD, from, SCRIPT_MAX, &script, err) < 0)
        return -1;
    launcher_add_script(&text, python, (struct piece){str_text(&script), script.size});
    return write_text(outside, path, &text, rows, err);
}

static int put_plain(struct outside *outside, const struct layout_source *source,
                     const char *below, const char *path, struct str *rows, struct err *err)
{
    CLEANUP_FREE char *now = begin(outside, path);
    CLEANUP_FREE char *full = mem_print("%s/%s", outside->site->prefix, now);
    CLEANUP_FREE char *goal = mem_print("%s/%s", outside->site->prefix, path);
    if (!outside->fresh && make_above(goal) < 0)
        return failed(err, goal);
    int status = put_file(AT_FDCWD, full, source->entry, below, outside->mode);
    if (status < 0 &&
        ((errno == ENOENT && make_above(full) == 0) || (errno == EEXIST && unlink(full) == 0)))
        status = put_file(AT_FDCWD, full, source->entry, below, outside->mode);
    if (status < 0)
        return failed(err, full);
    add_row(outside, path, NULL, rows);
    return 0;
}

// Where a file of a scheme goes, below the prefix. Yours.
static char *goal_of(const struct outside *outside, const struct manifest *manifest,
                     const struct manifest_file *file)
{
    CLEANUP_STR struct str below = {0};
    layout_add_path(&below, manifest, file->folder, file->name);
    switch (manifest->folder[file->folder].scheme) {
    case SCHEME_SCRIPTS: return mem_print("bin/%s", below.text);
    case SCHEME_HEADERS:
        return mem_print("include/site/python%d.%d/%s/%s", outside->site->major,
                         outside->site->minor, manifest->name, below.text);
    default: return str_take(&below);
    }
}

static int put_one(struct outside *outside, const struct layout_source *source,
                   const struct manifest_file *file, struct str *rows, struct err *err)
{
    const struct manifest *manifest = source->manifest;
    enum scheme scheme = manifest->folder[file->folder].scheme;
    CLEANUP_STR struct str below = {0};
    CLEANUP_FREE char *path = goal_of(outside, manifest, file);
    str_print(&below, "%s/", scheme_folder(scheme));
    layout_add_path(&below, manifest, file->folder, file->name);
    if (is_frame(path))
        return err_set(err, ERR_BAD_WHEEL, _("%s would replace '%s' of the environment"),
                       manifest->wheel, path);
    if (file->kind != FILE_SCRIPT)
        return put_plain(outside, source, below.text, path, rows, err);
    CLEANUP_FREE char *from = mem_print("%s/%s", source->entry, below.text);
    return put_script(outside, from, path, rows, err);
}

int outside_put(struct outside *outside, const struct layout_source *source,
                struct str *ret_rows, struct err *err)
{
    const struct manifest *manifest = source->manifest;
    for (size_t i = 0; i < manifest->script_count; i++)
        if (put_command(outside, manifest, &manifest->script[i], ret_rows, err) < 0)
            return -1;
    for (size_t i = 0; i < manifest->folder_count; i++) {
        const struct manifest_folder *folder = &manifest->folder[i];
        if (folder->scheme == SCHEME_SITE)
            continue;
        for (size_t f = folder->first; f < folder->first + folder->count; f++)
            if (put_one(outside, source, &manifest->file[f], ret_rows, err) < 0)
                return -1;
    }
    return 0;
}

void outside_drop(struct outside *outside)
{
    for (size_t i = 0; i < outside->waiting.count; i += 2) {
        CLEANUP_FREE char *full =
            mem_print("%s/%s", outside->site->prefix, outside->waiting.item[i]);
        unlink(full);
    }
}
