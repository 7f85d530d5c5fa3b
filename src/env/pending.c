// SPDX-License-Identifier: Apache-2.0
#include "env/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/str.h"
#include "env/todo.h"

#define PENDING ".lopin-pending"
#define HEAD    "lopin-pending 1"
enum { PENDING_MAX = 64 << 20 };

// A command that comes replaces the one of that name. Were that one removed first, whoever does it all
// again after a kill would remove the new one.
static int is_renamed(const struct strv *renames, const char *path)
{
    for (size_t i = 1; i < renames->count; i += 2)
        if (strcmp(renames->item[i], path) == 0)
            return 1;
    return 0;
}

int pending_write(int packages, const struct strv *renames, const struct strv *removals,
                  struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (!renames->count && !removals->count)
        return 0;
    str_add(&text, HEAD "\n");
    for (size_t i = 0; i < removals->count; i++)
        if (!is_renamed(renames, removals->item[i]))
            todo_add(&text, "remove", removals->item[i], NULL);
    for (size_t i = 0; i + 1 < renames->count; i += 2)
        todo_add(&text, "rename", renames->item[i], renames->item[i + 1]);
    CLEANUP_CLOSE int fd =
        openat(packages, PENDING, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 || fs_write_all(fd, text.text, text.size) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), PENDING);
    return 0;
}

// A list may have come with a package that another tool installed: it reaches nothing above the environment.
static int is_below(const char *path)
{
    CLEANUP_STRV struct strv part = {0};
    strv_split(&part, path, '/');
    for (size_t i = 0; i < part.count; i++)
        if (!*part.item[i] || strcmp(part.item[i], "..") == 0)
            return 0;
    return 1;
}

// Done already is as good: a kill may have come between a step and the end.
static int do_line(const char *prefix, const char *line, struct err *err)
{
    CLEANUP_FREE char *verb = NULL;
    CLEANUP_STR struct str one = {0};
    CLEANUP_STR struct str two = {0};
    int words = todo_read(line, &verb, &one, &two);
    int is_rename = words == 2 && strcmp(verb, "rename") == 0;
    int is_known = is_rename || (words == 1 && strcmp(verb, "remove") == 0);
    if (!is_known || !is_below(str_text(&one)) || (is_rename && !is_below(str_text(&two))))
        return 0;
    CLEANUP_FREE char *from = mem_print("%s/%s", prefix, str_text(&one));
    CLEANUP_FREE char *to = mem_print("%s/%s", prefix, str_text(&two));
    int status = is_rename ? rename(from, to) : unlink(from);
    return status < 0 && errno != ENOENT
               ? err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"),
                           is_rename ? to : from)
               : 0;
}

int pending_finish(const struct site *site, struct err *err)
{
    struct err why = {0};
    CLEANUP_STR struct str text = {0};
    CLEANUP_STRV struct strv lines = {0};
    CLEANUP_FREE char *path = mem_print("%s/%s", site->packages, PENDING);
    if (access(path, F_OK) < 0)
        return 0;
    if (fs_read(AT_FDCWD, path, PENDING_MAX, &text, &why) < 0) {
        *(err ? err : &why) = why;
        return -1;
    }
    strv_split(&lines, str_text(&text), '\n');
    int known = lines.count && strcmp(lines.item[0], HEAD) == 0;
    for (size_t i = 1; known && i < lines.count; i++)
        if (do_line(site->prefix, lines.item[i], err) < 0)
            return -1;
    unlink(path);
    return 0;
}
