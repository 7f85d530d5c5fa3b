// SPDX-License-Identifier: Apache-2.0
// source_url: a wheel that is asked for by its place: "numpy @ https://...", "./numpy-2.1.0-....whl".
#include <stdlib.h>

#include "base/fs.h"
#include "base/lang.h"
#include "source/digest.h"
#include "source/source_parts.h"
#include "source/url.h"

static int wrong(const struct source_file *file, const char *normal, struct err *err)
{
    if (!file->is_wheel)
        return err_set(err, ERR_NO_WHEEL, _("'%s' is no wheel"), file->name);
    if (!piece_is(file->wheel.normal, normal))
        return err_set(err, ERR_NO_WHEEL, _("'%s' is not of %s"), file->name, normal);
    if (file->refused == SOURCE_NO_TAG)
        return err_set(err, ERR_NO_WHEEL, _("'%s' is for another interpreter or machine"),
                       file->name);
    return 0;
}

struct source_file *source_at_url(struct source *source, const char *normal, const char *url,
                                  struct err *err)
{
    struct arena *arena = &source->arena;
    CLEANUP_STR struct str name = {0};
    struct source_file *file = arena_alloc(arena, sizeof *file);
    int is_http = url_is_http(url);
    CLEANUP_FREE char *path = is_http ? NULL : url_file(url, err);
    if (!is_http && !path)
        return NULL;
    if (url_add_name(&name, url) < 0) {
        err_set(err, ERR_USAGE, _("'%s' names no file"), url);
        return NULL;
    }
    CLEANUP_FREE char *sha256 = url_fragment(url, "sha256");
    const char *digest = sha256 ? NULL : digest_of_url(arena, url);
    *file = (struct source_file){
        .name = arena_dup(arena, name.text),
        .url = arena_dup(arena, path ? path : url),
        .label = arena_dup(arena, path ? path : url),
        .sha256 = sha256 ? arena_dup(arena, sha256) : NULL,
        .digest = digest,
        .size = -1,
        .local = !is_http,
    };
    if (source_read_name(source, file) < 0) {
        err_set(err, ERR_NO_WHEEL, _("'%s' is not the name of a wheel"), file->name);
        return NULL;
    }
    source_judge(source, normal, file);
    return wrong(file, normal, err) < 0 ? NULL : file;
}
