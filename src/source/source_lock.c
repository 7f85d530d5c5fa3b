// SPDX-License-Identifier: Apache-2.0
// source_lock: files of a lock: at the places that it names, or in the wheelhouses of this machine,
// without asking an index.
#include <limits.h>

#include "base/fs.h"
#include "base/lang.h"
#include "source/source_parts.h"
#include "source/url.h"

struct source_file *source_named(struct source *source, const struct source_name *name,
                                 struct err *err)
{
    struct arena *arena = &source->arena;
    struct source_file *file = arena_alloc(arena, sizeof *file);
    int is_http = url_is_http(name->place);
    CLEANUP_FREE char *path = is_http               ? NULL
                              : *name->place == '/' ? mem_dup(name->place)
                                                    : url_file(name->place, err);
    if (!is_http && !path)
        return NULL;
    const char *place = arena_dup(arena, path ? path : name->place);
    *file = (struct source_file){
        .name = arena_dup(arena, name->name),
        .url = place,
        .label = place,
        .sha256 = name->sha256 ? arena_dup(arena, name->sha256) : NULL,
        .size = name->size,
        .local = !is_http,
        .place = UINT_MAX, // of none of ours
    };
    if (source_read_name(source, file) < 0) {
        err_set(err, ERR_NO_WHEEL, _("'%s' is not the name of a wheel"), file->name);
        return NULL;
    }
    source_judge(source, name->normal, file);
    return file;
}

int source_in_houses(struct source *source, const char *normal,
                     const struct source_project **ret, struct err *err)
{
    struct entry *entry = arena_alloc(&source->arena, sizeof *entry);
    *entry = (struct entry){.project.normal = arena_dup(&source->arena, normal)};
    if (source_read_houses(source, err) < 0)
        return -1;
    source_build(source, entry);
    *ret = &entry->project;
    return 0;
}
