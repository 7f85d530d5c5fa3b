// SPDX-License-Identifier: Apache-2.0
#include "env/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"

int keep_copy_file(int from, const char *path, int into, const char *goal, mode_t more)
{
    struct stat st;
    CLEANUP_CLOSE int in = openat(from, path, O_RDONLY | O_CLOEXEC);
    if (in < 0 || fstat(in, &st) < 0)
        return -1;
    CLEANUP_CLOSE int out =
        openat(into, goal, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (st.st_mode & 0777) | more);
    if (out < 0)
        return -1;
    for (off_t left = st.st_size; left > 0;) {
        ssize_t size = sendfile(out, in, NULL, (size_t)left);
        if (size <= 0)
            return -1;
        left -= size;
    }
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    return futimens(out, times);
}

// "a/b.py" -> "a/__pycache__/b.": the beginning of its bytecode's names.
static const char *bytecode_of(struct arena *arena, const char *path)
{
    if (!str_ends(path, ".py"))
        return NULL;
    const char *base = fs_base(path);
    CLEANUP_FREE char *text = mem_print("%.*s__pycache__/%.*s", (int)(base - path), path,
                                        (int)strlen(base) - 2, base);
    return arena_dup(arena, text);
}

void keep_take_record(const struct record_file *file, struct arena *arena, struct table *gone,
                      struct strv *ret_outside)
{
    int is_new;
    for (size_t i = 0; i < file->count; i++) {
        const char *path = file->row[i].path.text;
        if (*path == '/' || str_starts(path, "../") || strstr(path, "/../")) {
            if (ret_outside)
                strv_add(ret_outside, path);
            continue;
        }
        table_put(gone, path, &is_new);
        const char *bytecode = bytecode_of(arena, path);
        if (bytecode)
            table_put(gone, bytecode, &is_new);
    }
}

int keep_read_record(const struct str *record, struct arena *arena, struct table *gone,
                     struct strv *ret_outside, struct err *err)
{
    struct record_file file;
    const char *kept = arena_dupn(arena, str_text(record), record->size);
    if (record_file_parse(arena, (struct piece){kept, record->size}, &file, err) < 0)
        return -1;
    keep_take_record(&file, arena, gone, ret_outside);
    return 0;
}

struct keep {
    const struct table *gone;
    struct layout *layout;
    int from_root, into_root;
    struct err *err;
};

static int is_gone(const struct keep *keep, const char *path)
{
    if (table_get(keep->gone, path))
        return 1;
    const char *base = fs_base(path);
    if (!str_ends(path, ".pyc") || base - path < 12 ||
        strncmp(base - 12, "__pycache__/", 12) != 0)
        return 0;
    CLEANUP_FREE char *source = mem_dupn(path, (size_t)(base - path) + strcspn(base, ".") + 1);
    return table_get(keep->gone, source) != NULL;
}

static int failed(const struct keep *keep, const char *path)
{
    return err_errno(keep->err, ERR_SYSTEM, errno, _("cannot keep '%s'"), path);
}

static int keep_link(const struct keep *keep, const char *path)
{
    char target[4096];
    ssize_t size = readlinkat(keep->from_root, path, target, sizeof target - 1);
    if (size < 0)
        return failed(keep, path);
    target[size] = '\0';
    return symlinkat(target, keep->into_root, path) < 0 ? failed(keep, path) : 0;
}

static int keep_file(const struct keep *keep, const char *path)
{
    if (linkat(keep->from_root, path, keep->into_root, path, 0) == 0 ||
        keep_copy_file(keep->from_root, path, keep->into_root, path, 0) == 0)
        return 0;
    return failed(keep, path);
}

// Makes the folders above a path that are not there yet, and those of them known to the layout.
static int make_above(const struct keep *keep, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        CLEANUP_FREE char *folder = mem_dupn(path, (size_t)(slash - path));
        if (table_get(&keep->layout->place, folder))
            continue;
        if (mkdirat(keep->into_root, folder, 0777) < 0)
            return failed(keep, folder);
        layout_keep(keep->layout, folder, 1);
    }
    return 0;
}

static int keep_folder(const struct keep *keep, const char *path);

static int keep_entry(const struct keep *keep, const char *path, unsigned char type)
{
    struct stat st;
    if (type == DT_UNKNOWN) {
        if (fstatat(keep->from_root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return failed(keep, path);
        type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISLNK(st.st_mode) ? DT_LNK : DT_REG;
    }
    if (is_gone(keep, path) || strcmp(fs_base(path), LAYOUT_MARK_NAME) == 0) // made anew
        return 0;
    if (type == DT_DIR)
        return keep_folder(keep, path);
    if (make_above(keep, path) < 0)
        return -1;
    layout_keep(keep->layout, path, 0);
    return type == DT_LNK ? keep_link(keep, path) : keep_file(keep, path);
}

static int keep_folder(const struct keep *keep, const char *path)
{
    int fd = openat(keep->from_root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    int status = stream ? 0 : failed(keep, path);
    struct dirent *entry;
    while (status == 0 && (entry = readdir(stream))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        CLEANUP_FREE char *below = mem_print("%s%s%s", path, *path ? "/" : "", entry->d_name);
        status = keep_entry(keep, below, entry->d_type);
    }
    if (stream)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
    return status;
}

int keep_copy(int from, int into, const struct table *gone, struct layout *layout,
              struct err *err)
{
    const struct keep keep = {gone, layout, from, into, err};
    return keep_folder(&keep, "");
}
