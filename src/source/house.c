// SPDX-License-Identifier: Apache-2.0
// house: one reading of the folder, then sorted.
#include "source/house.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "source/arch.h"
#include "wheel/name.h"

// What stands before the version: of a wheel up to the first '-', of an archive up to the last.
static int project_of(const char *name, struct piece *ret)
{
    const char *dash = NULL;
    size_t size = strlen(name), dashes = 0;
    for (const char *at = name; *at; at++)
        dashes += *at == '-';
    if (str_ends(name, ".whl")) {
        if (dashes != 4 && dashes != 5)
            return -1;
        dash = strchr(name, '-');
    } else if (str_ends(name, ".tar.gz") || str_ends(name, ".zip")) {
        dash = memrchr(name, '-', size);
    }
    if (!dash || dash == name)
        return -1;
    *ret = (struct piece){name, (size_t)(dash - name)};
    return 0;
}

static int compare_files(const void *one, const void *two)
{
    const struct house_file *a = one, *b = two;
    int order = strcmp(a->normal, b->normal);
    return order ? order : strcmp(a->name, b->name);
}

static void index_files(struct house *house)
{
    if (!house->count)
        return;
    qsort(house->file, house->count, sizeof *house->file, compare_files);
    for (size_t i = 0; i < house->count; i++) {
        int fresh;
        uint64_t *place = table_put(&house->first, house->file[i].normal, &fresh);
        if (fresh)
            *place = i + 1;
    }
}

int house_open(const char *path, struct house *ret, struct err *err)
{
    struct dirent *entry;
    DIR *stream = opendir(path);
    *ret = (struct house){0};
    if (!stream)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read the wheelhouse '%s'"), path);
    ret->path = arena_dup(&ret->arena, path);
    ret->label = arch_label(path);
    if (!ret->label)
        ret->label = ret->path;
    while (errno = 0, (entry = readdir(stream))) {
        struct piece project;
        if (*entry->d_name == '.' || project_of(entry->d_name, &project) < 0) {
            ret->odd += *entry->d_name != '.';
            continue;
        }
        struct piece normal = name_normal(&ret->arena, project);
        mem_room(&ret->file, &ret->room, ret->count + 1, sizeof *ret->file);
        ret->file[ret->count++] =
            (struct house_file){arena_dup(&ret->arena, entry->d_name),
                                arena_dupn(&ret->arena, normal.text, normal.size)};
    }
    int errnum = errno;
    closedir(stream);
    if (errnum) {
        err_errno(err, ERR_SYSTEM, errnum, _("cannot read the wheelhouse '%s'"), path);
        house_free(ret);
        return -1;
    }
    index_files(ret);
    return 0;
}

size_t house_find(const struct house *house, const char *normal, const struct house_file **ret)
{
    const uint64_t *place = table_get(&house->first, normal);
    size_t from = place ? *place - 1 : house->count, end = from;
    while (end < house->count && strcmp(house->file[end].normal, normal) == 0)
        end++;
    *ret = house->file + from;
    return end - from;
}

void house_free(struct house *house)
{
    free(house->file);
    table_free(&house->first);
    arena_free(&house->arena);
    *house = (struct house){0};
}
