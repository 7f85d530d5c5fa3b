// SPDX-License-Identifier: Apache-2.0
#include "site/nearest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

static char *join(const char *folder, const char *name)
{
    struct str path = {0};
    str_add(&path, folder);
    str_add(&path, str_ends(folder, "/") ? "" : "/");
    str_add(&path, name);
    return str_take(&path);
}

// Returns 1 if it is there, trusted or not, 0, or -1 with err.
static int read_in(const char *folder, struct document *ret, struct strv *looked,
                   struct err *err)
{
    static const char *const names[] = {"lopin.toml", "pyproject.toml"};
    for (size_t i = 0; i < COUNT(names); i++) {
        CLEANUP_FREE char *path = join(folder, names[i]);
        document_free(ret);
        int status = i ? document_read_project(ret, path, err) : document_read(ret, path, err);
        if (status < 0 || ret->state != DOCUMENT_ABSENT)
            return status < 0 ? -1 : 1;
        if (looked)
            strv_add(looked, path);
    }
    return 0;
}

struct home {         // of the caller, whatever its names; looked at when that is first needed
    const char *path; // NULL: there is none
    struct stat st;
    int known; // st is it
};

static int is_home(struct home *home, const char *folder, const struct stat *st)
{
    size_t size = home->path ? strlen(home->path) : 0;
    // by their names alone, as mostly: the one, or below it
    if (size && strncmp(folder, home->path, size) == 0 &&
        (!folder[size] || folder[size] == '/'))
        return !folder[size];
    if (home->path && !home->known && stat(home->path, &home->st) < 0)
        home->path = NULL;
    home->known = 1;
    return home->path && home->st.st_dev == st->st_dev && home->st.st_ino == st->st_ino;
}

static int is_last(const char *folder, const struct stat *st, struct home *home)
{
    CLEANUP_FREE char *git = join(folder, ".git");
    return strcmp(folder, "/") == 0 || access(git, F_OK) == 0 || is_home(home, folder, st);
}

int nearest_read(const char *folder, const char *home, struct document *ret,
                 struct strv *ret_looked, struct err *err)
{
    CLEANUP_FREE char *at = fs_absolute("/", folder);
    struct stat here;
    struct home last = {.path = home};
    dev_t device = 0;
    for (int first = 1; at && stat(at, &here) == 0; first = 0) {
        if (!first && here.st_dev != device)
            break;
        device = here.st_dev;
        int found = read_in(at, ret, ret_looked, err);
        if (found)
            return found < 0 ? -1 : 0;
        if (is_last(at, &here, &last))
            break;
        char *above = fs_folder(at);
        free(at);
        at = above;
    }
    document_free(ret);
    return 0;
}
