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
#include "env/todo.h"
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
           strcmp(path, "bin/activate.csh") == 0 || strcmp(path, "bin/activate.fish") == 0 ||
           (str_starts(path, python) && !path[strlen(python) + digits]);
}

// In an environment that is new: the folders above `path` (below the prefix), each made once and from the
// top, as nothing is there but what the frame has.
static int make_new_above(struct outside *outside, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        int is_new;
        char *folder = arena_dupn(&outside->arena, path, (size_t)(slash - path));
        CLEANUP_FREE char *full = mem_print("%s/%s", outside->site->prefix, folder);
        int framed = strcmp(folder, "bin") == 0 || strcmp(folder, "lib") == 0;
        table_put(&outside->made, folder, &is_new);
        if (is_new && !framed && mkdir(full, 0777) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
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

static int put_command(struct outside *outside, const struct outside_item *item,
                       struct str *rows, struct err *err)
{
    struct piece module, object;
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("bin/%s", item->name);
    CLEANUP_FREE char *python = mem_print("%s/bin/python", outside->prefix);
    if (strchr(item->name, '/') || is_frame(path) || *item->name == '.' ||
        entry_object(piece_of(item->value), &module, &object) < 0)
        return err_set(err, ERR_BAD_WHEEL, _("%s has a command '%s' that cannot be"), item->of,
                       item->name);
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

static int put_plain(struct outside *outside, const char *from, const char *path,
                     struct str *rows, struct err *err)
{
    CLEANUP_FREE char *now = begin(outside, path);
    CLEANUP_FREE char *full = mem_print("%s/%s", outside->site->prefix, now);
    CLEANUP_FREE char *goal = mem_print("%s/%s", outside->site->prefix, path);
    if ((outside->fresh ? make_new_above(outside, path) : make_above(goal)) < 0)
        return failed(err, goal);
    int status = put_file(AT_FDCWD, full, from, outside->mode);
    if (status < 0 &&
        ((errno == ENOENT && make_above(full) == 0) || (errno == EEXIST && unlink(full) == 0)))
        status = put_file(AT_FDCWD, full, from, outside->mode);
    if (status < 0)
        return failed(err, full);
    add_row(outside, path, NULL, rows);
    return 0;
}

// Where a file of a scheme goes, below the prefix. Yours.
static char *goal_of(const struct site *site, const struct manifest *manifest,
                     const struct manifest_file *file)
{
    CLEANUP_STR struct str below = {0};
    layout_add_path(&below, manifest, file->folder, file->name);
    switch (manifest->folder[file->folder].scheme) {
    case SCHEME_SCRIPTS: return mem_print("bin/%s", below.text);
    case SCHEME_HEADERS:
        return mem_print("include/site/python%d.%d/%s/%s", site->major, site->minor,
                         manifest->name, below.text);
    default: return str_take(&below);
    }
}

static struct outside_item *add(struct outside_list *list)
{
    mem_room(&list->item, &list->room, list->count + 1, sizeof *list->item);
    return &list->item[list->count++];
}

static void list_file(const struct site *site, const struct layout_source *source,
                      const struct manifest_file *file, struct outside_list *list)
{
    const struct manifest *manifest = source->manifest;
    CLEANUP_STR struct str from = {0};
    CLEANUP_FREE char *goal = goal_of(site, manifest, file);
    str_print(&from, "%s/%s/", source->entry,
              scheme_folder(manifest->folder[file->folder].scheme));
    layout_add_path(&from, manifest, file->folder, file->name);
    *add(list) = (struct outside_item){
        file->kind == FILE_SCRIPT ? OUTSIDE_SCRIPT : OUTSIDE_FILE, manifest->wheel,
        arena_dup(&list->arena, goal), arena_dup(&list->arena, from.text)};
}

static int put_one(struct outside *outside, const struct outside_item *item, struct str *rows,
                   struct err *err)
{
    switch (item->kind) {
    case OUTSIDE_COMMAND: return put_command(outside, item, rows, err);
    case OUTSIDE_SCRIPT:
    case OUTSIDE_FILE: break;
    }
    if (is_frame(item->name))
        return err_set(err, ERR_BAD_WHEEL, _("%s would replace '%s' of the environment"),
                       item->of, item->name);
    return item->kind == OUTSIDE_SCRIPT
               ? put_script(outside, item->value, item->name, rows, err)
               : put_plain(outside, item->value, item->name, rows, err);
}

void outside_list(const struct site *site, const struct layout_source *source,
                  struct outside_list *list)
{
    const struct manifest *manifest = source->manifest;
    for (size_t i = 0; i < manifest->script_count; i++)
        *add(list) = (struct outside_item){OUTSIDE_COMMAND, manifest->wheel,
                                           manifest->script[i].name, manifest->script[i].value};
    for (size_t i = 0; i < manifest->folder_count; i++) {
        const struct manifest_folder *folder = &manifest->folder[i];
        if (folder->scheme == SCHEME_SITE)
            continue;
        for (size_t f = folder->first; f < folder->first + folder->count; f++)
            list_file(site, source, &manifest->file[f], list);
    }
}

static const char *const verbs[] = {
    [OUTSIDE_COMMAND] = "command", [OUTSIDE_SCRIPT] = "script", [OUTSIDE_FILE] = "file"};

void outside_list_write(const struct outside_list *list, struct str *into)
{
    for (size_t i = 0; i < list->count; i++)
        todo_add(into, verbs[list->item[i].kind], list->item[i].name, list->item[i].value);
}

static void read_line(const char *line, struct outside_list *list)
{
    CLEANUP_FREE char *verb = NULL;
    CLEANUP_STR struct str name = {0};
    CLEANUP_STR struct str value = {0};
    if (todo_read(line, &verb, &name, &value) != 2)
        return;
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (strcmp(verb, verbs[i]) == 0) {
            const char *kept = arena_dup(&list->arena, str_text(&name));
            *add(list) = (struct outside_item){(enum outside_kind)i, kept, kept,
                                               arena_dup(&list->arena, str_text(&value))};
        }
}

void outside_list_read(const char *text, struct outside_list *list)
{
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++)
        read_line(lines.item[i], list);
}

int outside_put_items(struct outside *outside, const struct outside_list *list,
                      struct str *ret_rows, struct err *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (put_one(outside, &list->item[i], ret_rows, err) < 0)
            return -1;
    return 0;
}

int outside_put(struct outside *outside, const struct layout_source *source,
                struct str *ret_rows, struct err *err)
{
    struct outside_list list = {0};
    outside_list(outside->site, source, &list);
    int status = outside_put_items(outside, &list, ret_rows, err);
    outside_list_free(&list);
    return status;
}

void outside_list_free(struct outside_list *list)
{
    free(list->item);
    arena_free(&list->arena);
    *list = (struct outside_list){0};
}

void outside_free(struct outside *outside)
{
    strv_free(&outside->waiting);
    table_free(&outside->made);
    arena_free(&outside->arena);
}

void outside_drop(struct outside *outside)
{
    for (size_t i = 0; i < outside->waiting.count; i += 2) {
        CLEANUP_FREE char *full =
            mem_print("%s/%s", outside->site->prefix, outside->waiting.item[i]);
        unlink(full);
    }
}
