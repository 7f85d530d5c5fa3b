// SPDX-License-Identifier: Apache-2.0
// folder: the runs of a project, `.lopin/runs/N`.
#include "run/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "run/spec.h"

#define CLEAR_ATTEMPTS 100
#define ASIDE          ".rm-" // begins the name of a removed run's folder

static int by_number(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a;
    unsigned right = *(const unsigned *)b;
    return (left > right) - (left < right);
}

// A link may lead to a run that was moved to another disk. "007" is nothing of ours.
static int may_be_run(const struct dirent *entry)
{
    return entry->d_name[0] != '0' &&
           (entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN);
}

unsigned *folder_list(const char *cwd, size_t *ret_count)
{
    CLEANUP_FREE char *path = mem_print("%s/.lopin/runs", cwd);
    unsigned *numbers = NULL;
    size_t count = 0;
    size_t room = 0;
    DIR *stream = opendir(path);
    struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        unsigned long number;
        if (!may_be_run(entry) || str_number(entry->d_name, UINT_MAX - 1, &number) < 0)
            continue;
        mem_room(&numbers, &room, count + 1, sizeof *numbers);
        numbers[count++] = (unsigned)number;
    }
    if (stream)
        closedir(stream);
    if (numbers)
        qsort(numbers, count, sizeof *numbers, by_number);
    *ret_count = count;
    return numbers;
}

// run.json is written last, before the first journal; one that lost it later is a damaged run.
int folder_is_run(const char *cwd, unsigned number)
{
    CLEANUP_FREE char *asked = mem_print("%s/.lopin/runs/%u/run.json", cwd, number);
    CLEANUP_FREE char *journal = mem_print("%s/.lopin/runs/%u/journal.0-0", cwd, number);
    return access(asked, F_OK) == 0 || access(journal, F_OK) == 0;
}

int folder_open(const char *cwd, unsigned number, struct folder *ret, struct err *err)
{
    ret->number = number;
    ret->path = mem_print("%s/.lopin/runs/%u", cwd, number);
    ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ret->fd < 0)
        return err_errno(err, ERR_NO_RUN, errno, _("cannot open run %u"), number);
    return 0;
}

static int make_project(const char *cwd, struct err *err)
{
    static const char ignore[] = "*\n";
    CLEANUP_FREE char *runs = mem_print("%s/.lopin/runs", cwd);
    if (access(runs, F_OK) == 0)
        return 0;
    if (fs_make_dirs(AT_FDCWD, runs, 0700, err) < 0)
        return -1;
    CLEANUP_FREE char *file = mem_print("%s/.lopin/.gitignore", cwd);
    return fs_replace(AT_FDCWD, file, ignore, sizeof ignore - 1, 0600, 0, err);
}

int folder_project(const char *cwd, struct err *err)
{
    if (make_project(cwd, err) < 0)
        return -1;
    CLEANUP_FREE char *runs = mem_print("%s/.lopin/runs", cwd);
    int fd = open(runs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), runs) : fd;
}

int folder_make(const char *cwd, struct folder *ret, struct err *err)
{
    if (make_project(cwd, err) < 0)
        return -1;
    size_t count;
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    for (unsigned number = count ? numbers[count - 1] + 1 : 1;; number++) {
        CLEANUP_FREE char *path = mem_print("%s/.lopin/runs/%u", cwd, number);
        if (mkdir(path, 0700) < 0) {
            if (errno == EEXIST)
                continue;
            return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), path);
        }
        if (folder_open(cwd, number, ret, err) < 0)
            return -1;
        if (mkdirat(ret->fd, "logs", 0700) < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), "logs");
        return 0;
    }
}

static int no_run(const char *cwd, const char *which, struct err *err)
{
    size_t count;
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    CLEANUP_FREE char *runs = mem_print("%s/.lopin/runs", cwd);
    if (!count && access(runs, R_OK | X_OK) < 0 && errno == EACCES) // somebody else's
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), runs);
    while (count && !folder_is_run(cwd, numbers[count - 1]))
        count--;
    if (!count) {
        err_set(err, ERR_NO_RUN, _("there is no run in this folder"));
        return err_hint(err, "try", "lopin map SCRIPT DATASET...");
    }
    err_set(err, ERR_NO_RUN, _("there is no run '%s' in this folder"), which);
    err_hint(err, "found", _("runs %u to %u"), numbers[0], numbers[count - 1]);
    return err_hint(err, "try", "lopin list");
}

static int find_name(const char *cwd, const char *name, const unsigned *numbers, size_t count,
                     struct folder *ret, struct err *err)
{
    for (size_t i = count; i-- > 0;) {
        struct spec spec = {0};
        int found = 0;
        if (folder_open(cwd, numbers[i], ret, NULL) == 0)
            found = spec_load(&spec, ret->fd, NULL) == 0 && spec.name &&
                    strcmp(spec.name, name) == 0;
        spec_free(&spec);
        if (found)
            return 0;
        folder_free(ret);
    }
    return no_run(cwd, name, err);
}

int folder_find(const char *cwd, const char *which, struct folder *ret, struct err *err)
{
    size_t count;
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    unsigned long number;
    if (!count)
        return no_run(cwd, which ? which : "last", err);
    if (!which || strcmp(which, "last") == 0) {
        while (count && !folder_is_run(cwd, numbers[count - 1]))
            count--;
        return count ? folder_open(cwd, numbers[count - 1], ret, err)
                     : no_run(cwd, "last", err);
    }
    if (str_number(which, UINT_MAX - 1, &number) < 0)
        return find_name(cwd, which, numbers, count, ret, err);
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return folder_open(cwd, numbers[i], ret, err);
    return no_run(cwd, which, err);
}

void folder_mark_last(const char *cwd, unsigned number)
{
    CLEANUP_FREE char *target = mem_print("runs/%u", number);
    CLEANUP_FREE char *temporary = mem_print("%s/.lopin/.last.%ld", cwd, (long)getpid());
    CLEANUP_FREE char *path = mem_print("%s/.lopin/last", cwd);
    unlink(temporary);
    if (symlink(target, temporary) == 0 && rename(temporary, path) < 0)
        unlink(temporary);
}

void folder_mend_last(const char *cwd)
{
    size_t count;
    CLEANUP_FREE char *path = mem_print("%s/.lopin/last", cwd);
    if (access(path, F_OK) == 0)
        return;
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    if (count)
        folder_mark_last(cwd, numbers[count - 1]);
    else
        unlink(path);
}

int folder_set_aside(const char *cwd, unsigned number, struct err *err)
{
    CLEANUP_FREE char *path = mem_print("%s/.lopin/runs/%u", cwd, number);
    CLEANUP_FREE char *aside =
        mem_print("%s/.lopin/runs/" ASIDE "%u-%ld", cwd, number, (long)getpid());
    if (rename(path, aside) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot remove run %u"), number);
    return 0;
}

// Several may clear at once: what another has just removed, or has put in because it had opened
// the folder before, is a reason to look again.
static int clear_one(const char *path, struct err *err)
{
    for (int attempt = 0; fs_remove(AT_FDCWD, path) < 0; attempt++)
        if (attempt == CLEAR_ATTEMPTS || (errno != ENOENT && errno != ENOTEMPTY))
            return err_errno(err, ERR_SYSTEM, errno, _("cannot remove '%s'"), path);
    return 0;
}

int folder_clear(const char *cwd, struct err *err)
{
    CLEANUP_FREE char *runs = mem_print("%s/.lopin/runs", cwd);
    DIR *stream = opendir(runs);
    struct dirent *entry;
    int result = 0;
    while (stream && (entry = readdir(stream))) {
        CLEANUP_FREE char *path = mem_print("%s/%s", runs, entry->d_name);
        if (str_starts(entry->d_name, ASIDE) && clear_one(path, result ? NULL : err) < 0)
            result = -1;
    }
    if (stream)
        closedir(stream);
    return result;
}

void folder_drop(struct folder *folder)
{
    if (folder->path)
        fs_remove(AT_FDCWD, folder->path);
}

void folder_free(struct folder *folder)
{
    if (folder->fd >= 0)
        close(folder->fd);
    free(folder->path);
    *folder = (struct folder)FOLDER_NONE;
}
