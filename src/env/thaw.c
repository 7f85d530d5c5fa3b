// SPDX-License-Identifier: Apache-2.0
#include "env/thaw.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env/change.h"
#include "env/origin.h"
#include "wheel/record.h"

// Where the environment's stamp says that it came from; nothing where that is not known.
static void read_origin(const struct stamp *stamp, const char *info, struct stamp_origin *ret)
{
    for (size_t i = 0; i < stamp->count; i++) {
        const struct stamp_package *package = &stamp->item[i];
        if (strcmp(package->info, info) != 0 || !package->cpu)
            continue;
        if (strcmp(package->why, STAMP_SITE) == 0)
            ret->site = package->cpu;
        else if (package->why[0] == '/')
            *ret = (struct stamp_origin){.house = package->cpu, .where = package->why};
    }
}

// What puts a distribution where it is again, from its entry. Returns 1, 0 if it is no link, or -1
// with err.
static int add_of(const struct dist *dist, struct arena *arena, struct change_add *ret,
                  struct err *err)
{
    CLEANUP_STR struct str record = {0};
    CLEANUP_STR struct str url = {0};
    struct record_file file;
    if (dist->kind != DIST_INFO || dist_file(dist, "RECORD", &record, NULL) < 0)
        return 0;
    const struct piece text = {arena_dupn(arena, str_text(&record), record.size), record.size};
    if (record_file_parse(arena, text, &file, NULL) < 0)
        return 0;
    CLEANUP_FREE char *entry = origin_entry(dist, &file);
    CLEANUP_FREE char *requested = mem_print("%s/%s/REQUESTED", dist->folder, dist->info);
    if (!entry)
        return 0;
    if (origin_read(arena, entry, &ret->manifest, err) < 0)
        return -1;
    ret->entry = arena_dup(arena, entry);
    ret->requested = access(requested, F_OK) == 0;
    ret->direct_url = dist_file(dist, "direct_url.json", &url, NULL) == 0
                          ? arena_dup(arena, str_text(&url))
                          : NULL;
    return 1;
}

int thaw(const struct site *site, const struct dists *dists, const char *const *names,
         struct strv *ret_own, struct err *err)
{
    struct arena arena = {0};
    struct stamp stamp = {0};
    size_t count = 0, all = 0;
    int status = 0;
    while (names[all])
        all++;
    CLEANUP_FREE struct change_add *add = mem_zero(all + 1, sizeof *add);
    CLEANUP_FREE const char **remove = mem_zero(all + 1, sizeof *remove);
    CLEANUP_CLOSE int packages = open(site->packages, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (stamp_read(packages, &stamp, NULL) < 0)
        stamp_free(&stamp);
    for (size_t i = 0; i < all && status >= 0; i++) {
        const struct dist *dist = dists_find(dists, names[i]);
        read_origin(&stamp, dist->info, &add[count].origin);
        status = add_of(dist, &arena, &add[count], err);
        if (status > 0)
            remove[count++] = names[i];
        else if (status == 0)
            strv_add(ret_own, names[i]);
    }
    const struct change change = {.site = site,
                                  .prefix = site->prefix,
                                  .add = add,
                                  .add_count = count,
                                  .remove = remove,
                                  .mode = PUT_COPY};
    if (status >= 0)
        status = count ? change_apply(&change, NULL, err) : 0;
    stamp_free(&stamp);
    arena_free(&arena);
    return status;
}
