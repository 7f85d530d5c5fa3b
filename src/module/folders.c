// SPDX-License-Identifier: Apache-2.0
#include "module/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"

enum { MAX_RC = 1 << 20 };
#define MAGIC "#%Module"

void folders_free(struct folders *folders)
{
    for (size_t i = 0; i < folders->count; i++) {
        struct folder_of_modules *folder = folders->item[i];
        for (size_t k = 0; k < folder->files; k++)
            free(folder->file[k].name);
        free(folder->file);
        free(folder->path);
        free(folder->name);
        free(folder->preferred);
        strv_free(&folder->folders);
        rc_free(&folder->rc);
        free(folder);
    }
    free(folders->item);
    free(folders->rc);
    table_free(&folders->places);
    *folders = (struct folders){0};
}

// What editors and version control leave is no module.
static int is_kept(const char *name)
{
    size_t size = strlen(name);
    return *name != '#' && name[size - 1] != '~' && name[size - 1] != '#' &&
           !str_starts(name, "__") && !str_starts(name, ".#") && strcmp(name, ".git") != 0 &&
           strcmp(name, ".svn") != 0 && strcmp(name, ".gitignore") != 0 &&
           strcmp(name, ".DS_Store") != 0 && strcmp(name, ".lua") != 0 &&
           !(*name == '.' && str_ends(name, ".swp")) && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

// What is not among the modules: the first weighs most. Their bits are folder->specials.
static const char *const specials[] = {"default", ".modulerc.lua", ".modulerc", ".version"};
enum { ALL_SPECIALS = (1 << COUNT(specials)) - 1 };

static int special_of(const char *name)
{
    for (size_t i = 0; i < COUNT(specials); i++)
        if (strcmp(name, specials[i]) == 0)
            return (int)i;
    return -1;
}

// The last name of what the link `default` leads to.
static void read_link(struct folder_of_modules *folder, int fd)
{
    char target[4096];
    ssize_t size = readlinkat(fd, "default", target, sizeof target - 1);
    if (size <= 0)
        return;
    target[size] = '\0';
    while (size > 1 && target[size - 1] == '/')
        target[--size] = '\0';
    const char *base = fs_base(target);
    folder->preferred = mem_dupn(base, strlen(base) - (str_ends(base, ".lua") ? 4 : 0));
}

static void add_file(struct folder_of_modules *folder, const char *name)
{
    int is_lua = str_ends(name, ".lua");
    char *bare = mem_dupn(name, strlen(name) - (is_lua ? 4 : 0));
    for (size_t i = 0; i < folder->files; i++)
        if (strcmp(folder->file[i].name, bare) == 0) {
            folder->file[i].is_lua |= is_lua;
            free(bare);
            return;
        }
    mem_room(&folder->file, &folder->room, folder->files + 1, sizeof *folder->file);
    folder->file[folder->files++] = (struct folders_file){bare, is_lua, 0};
}

static void add_entry(struct folder_of_modules *folder, int fd, const struct dirent *entry)
{
    const char *name = entry->d_name;
    int type = entry->d_type;
    int special = special_of(name);
    if (special > 0)
        folder->specials |= 1U << special;
    if (special > 0 || !is_kept(name))
        return;
    if (special == 0 && (type == DT_LNK || type == DT_UNKNOWN)) {
        struct stat found;
        if (type == DT_LNK ||
            (fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode))) {
            folder->specials |= 1;
            return;
        }
    }
    if (type == DT_LNK || type == DT_UNKNOWN) {
        struct stat found;
        if (fstatat(fd, name, &found, 0) < 0)
            return; // leads nowhere
        type = S_ISDIR(found.st_mode) ? DT_DIR : S_ISREG(found.st_mode) ? DT_REG : DT_FIFO;
    }
    if (type == DT_DIR)
        strv_add(&folder->folders, name);
    else if (type == DT_REG)
        add_file(folder, name);
}

static void read_list(struct folder_of_modules *folder, DIR *stream)
{
    struct dirent *entry;
    folder->listed = 1;
    folder->specials = 0;
    while ((entry = readdir(stream)))
        add_entry(folder, dirfd(stream), entry);
}

static void warn(const struct folders *folders, const struct err *err)
{
    if (folders->talk)
        str_print(folders->talk, _("warning: %s, ignoring\n"), err->text);
}

// The default that an rc file sets counts only if none of more weight was said: the link, then
// .modulerc.lua, .modulerc, .version.
static void prefer(struct folder_of_modules *folder, size_t from)
{
    for (size_t i = folder->rc.count; i-- > from && !folder->preferred && *folder->name;) {
        const struct rc_entry *entry = &folder->rc.item[i];
        size_t size = strlen(folder->name);
        if (entry->kind == RC_VERSION && str_ends(entry->name, "/default") &&
            strncmp(entry->name, folder->name, size) == 0 && entry->name[size] == '/' &&
            strlen(entry->name) == size + strlen("/default"))
            folder->preferred = mem_dup(entry->target);
    }
}

void folders_read_tcl(struct folders *folders, const char *path, const char *name,
                      const struct str *text, struct rc *rc)
{
    struct rc plain = {0}, whole = {0};
    struct err err = {0};
    if (rc_read(&plain, str_text(text), text->size, name) || !folders->run) {
        rc_move(&plain, rc);
    } else if (folders->run(folders->data, path, name, &whole, &err) == 0) {
        rc_move(&whole, rc);
    } else {
        warn(folders, &err);
        rc_move(&plain, rc);
    }
    rc_free(&plain);
    rc_free(&whole);
}

static void read_rc_files(struct folders *folders, struct folder_of_modules *folder, int fd)
{
    for (size_t i = 1; i < COUNT(specials); i++) {
        if (!(folder->specials & 1U << i))
            continue;
        CLEANUP_STR struct str text = {0};
        struct err err = {0};
        size_t before = folder->rc.count;
        errno = 0;
        if (fs_read(fd, specials[i], MAX_RC, &text, &err) < 0) {
            if (errno != ENOENT && err.errnum != ENOENT)
                warn(folders, &err);
            continue;
        }
        CLEANUP_FREE char *path = mem_print("%s/%s", folder->path, specials[i]);
        trace_add(folders->trace, _("reads %s"), path);
        if (i > 1)
            folders_read_tcl(folders, path, folder->name, &text, &folder->rc);
        else if (folders->run &&
                 folders->run(folders->data, path, folder->name, &folder->rc, &err) < 0)
            warn(folders, &err);
        prefer(folder, before);
    }
}

static struct folder_of_modules *add_folder(struct folders *folders, const char *path,
                                            const char *name)
{
    struct folder_of_modules *folder = mem_zero(1, sizeof *folder);
    folder->path = mem_dup(path);
    folder->name = mem_dup(name);
    folder->specials = ALL_SPECIALS; // what there is is not known
    mem_room(&folders->item, &folders->room, folders->count + 1, sizeof(void *));
    folders->item[folders->count++] = folder;
    *table_put(&folders->places, folder->path, NULL) = folders->count;
    return folder;
}

// Taken before the list, so that what changes while it is read shows later.
static void note_times(const struct folders *folders, struct folder_of_modules *folder, int fd)
{
    struct stat found;
    if (!folders->wants_times || fd < 0 || fstat(fd, &found) < 0)
        return;
    folder->changed_ns = clock_ns(found.st_mtim);
    folder->inode = found.st_ino;
}

static void read_specials(struct folders *folders, struct folder_of_modules *folder, int fd)
{
    if (folder->specials & 1)
        read_link(folder, fd);
    read_rc_files(folders, folder, fd);
    if (folder->rc.count) {
        mem_room(&folders->rc, &folders->rc_room, folders->rcs + 1, sizeof(void *));
        folders->rc[folders->rcs++] = folder;
    }
}

// opendir asks less of the system than fdopendir, which looks at what it is given.
static void read_folder(struct folders *folders, struct folder_of_modules *folder, int is_new)
{
    DIR *stream = opendir(folder->path);
    if (is_new)
        folder->is_there = stream != NULL;
    if (!stream)
        return;
    note_times(folders, folder, dirfd(stream));
    read_list(folder, stream);
    if (is_new)
        read_specials(folders, folder, dirfd(stream));
    closedir(stream);
}

static void look_at_folder(struct folders *folders, struct folder_of_modules *folder)
{
    CLEANUP_CLOSE int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder->is_there = fd >= 0;
    if (fd < 0)
        return;
    note_times(folders, folder, fd);
    read_specials(folders, folder, fd);
}

struct folder_of_modules *folders_get(struct folders *folders, const char *path,
                                      const char *name, int list)
{
    const uint64_t *place = table_get(&folders->places, path);
    struct folder_of_modules *folder =
        place ? folders->item[*place - 1] : add_folder(folders, path, name);
    if (!place && !list)
        look_at_folder(folders, folder);
    else if (!place || (list && folder->is_there && !folder->listed))
        read_folder(folders, folder, !place);
    return folder;
}

int folders_is_module(struct folder_of_modules *folder, struct folders_file *file)
{
    if (!file->is_lua && !file->checked) {
        char begin[sizeof MAGIC] = "";
        CLEANUP_FREE char *path = mem_print("%s/%s", folder->path, file->name);
        CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int good = fd >= 0 && read(fd, begin, sizeof MAGIC - 1) == sizeof MAGIC - 1 &&
                   strcmp(begin, MAGIC) == 0;
        file->checked = good ? 1 : -1;
    }
    return file->is_lua || file->checked > 0;
}
