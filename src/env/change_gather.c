// SPDX-License-Identifier: Apache-2.0
// change_gather: what of an environment goes, what of it is links into the store and is laid out anew
// beside what comes (so that a folder which both have is opened), and what comes.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "env/change_parts.h"
#include "env/keep.h"
#include "env/origin.h"
#include "wheel/record.h"

static int is_removed(const struct change *change, const struct dist *dist)
{
    for (const char *const *name = change->remove; name && *name; name++)
        if (strcmp(*name, dist->normal) == 0)
            return 1;
    return 0;
}

// Has somebody put a folder of his own in the place of a link? RECORD has a folder's link without a
// hash, as it has bytecode.
static int is_changed(const struct dist *dist, const struct record_file *file)
{
    int found = 0;
    for (size_t i = 0; i < file->count && !found; i++) {
        struct stat st;
        struct piece row = file->row[i].path;
        if (file->row[i].has_sha256 || str_starts(row.text, "../") ||
            str_ends(row.text, ".pyc"))
            continue;
        CLEANUP_FREE char *path = mem_print("%s/%s", dist->folder, row.text);
        found = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
    }
    return found;
}

static int no_record(const struct dist *dist, struct err *err)
{
    err_set(err, ERR_USAGE, _("%s %s cannot be removed: nothing says which files are its"),
            dist->name, dist->version);
    return err_hint(err, "found", "%s/%s", dist->folder, dist->info);
}

// "../../../bin/f2py" -> "bin/f2py", if it stays below the prefix. NULL otherwise.
static const char *below_prefix(const char *path)
{
    if (!str_starts(path, "../../../"))
        return NULL;
    path += strlen("../../../");
    return str_starts(path, "../") || strstr(path, "/../") || *path == '/' || !*path ? NULL
                                                                                     : path;
}

static int remove_dist(const struct dist *dist, struct change_state *state)
{
    CLEANUP_STR struct str record = {0};
    CLEANUP_STRV struct strv outside = {0};
    int is_new;
    if (dist->kind != DIST_INFO || dist_file(dist, "RECORD", &record, NULL) < 0)
        return no_record(dist, state->err);
    if (keep_read_record(&record, &state->arena, &state->gone, &outside, state->err) < 0)
        return err_wrap(state->err, "%s/RECORD", dist->info);
    table_put(&state->gone, arena_dup(&state->arena, dist->info), &is_new);
    for (size_t i = 0; i < outside.count; i++) {
        const char *path = below_prefix(outside.item[i]);
        if (path)
            strv_add(&state->removals, path);
    }
    return 0;
}

// The rows of its RECORD for what lies outside of the folder of packages.
static void keep_outside(const struct record_file *file, struct str *rows)
{
    for (size_t i = 0; i < file->count; i++)
        if (str_starts(file->row[i].path.text, "../"))
            record_file_add(rows, file->row[i].path.text,
                            file->row[i].has_sha256 ? file->row[i].sha256 : NULL,
                            file->row[i].size);
}

// Links into the store are made anew. An entry that is gone is left as it is, and so is one that
// somebody changed.
static int link_again(const struct dist *dist, struct change_state *state)
{
    int is_new;
    CLEANUP_STR struct str record = {0};
    CLEANUP_STR struct str url = {0};
    struct record_file file;
    struct put_dist *put = &state->dist[state->count];
    const struct manifest *manifest;
    if (dist->kind != DIST_INFO || dist_file(dist, "RECORD", &record, NULL) < 0)
        return 0;
    const struct piece kept = {arena_dupn(&state->arena, str_text(&record), record.size),
                               record.size};
    if (record_file_parse(&state->arena, kept, &file, NULL) < 0)
        return 0;
    CLEANUP_FREE char *entry = origin_entry(dist, &file);
    int known = entry && origin_read(&state->arena, entry, &manifest, NULL) == 0 &&
                strcmp(manifest->info, dist->info) == 0 && !is_changed(dist, &file);
    if (!known)
        return 0;
    keep_take_record(&file, &state->arena, &state->gone, NULL);
    table_put(&state->gone, arena_dup(&state->arena, dist->info), &is_new);
    *put = (struct put_dist){.top_level = state->top_level};
    keep_outside(&file, &put->outside);
    CLEANUP_FREE char *requested = mem_print("%s/%s/REQUESTED", dist->folder, dist->info);
    put->requested = access(requested, F_OK) == 0;
    if (dist_file(dist, "direct_url.json", &url, NULL) == 0)
        put->direct_url = arena_dup(&state->arena, str_text(&url));
    state->source[state->count++] =
        (struct layout_source){arena_dup(&state->arena, entry), manifest};
    return 0;
}

static int gather_old(const struct change *change, const struct dists *dists,
                      struct change_state *state)
{
    for (size_t i = 0; i < dists->count; i++) {
        const struct dist *dist = &dists->item[i];
        int status = 0;
        if (is_removed(change, dist))
            status = remove_dist(dist, state);
        else if (state->mode == PUT_SYM)
            status = link_again(dist, state);
        if (status < 0)
            return -1;
    }
    state->old_count = state->count;
    return 0;
}

int change_gather(const struct change *change, struct change_state *state)
{
    struct dists dists = {0};
    int status = 0;
    state->mode = change->mode;
    state->layout.files = state->mode != PUT_SYM;
    state->top_level = put_needs_top_level(change->site->minor);
    if (!change->fresh)
        status = dists_read(change->site->packages, &dists, NULL, state->err);
    state->source = mem_zero(dists.count + change->add_count + 1, sizeof *state->source);
    state->dist = mem_zero(dists.count + change->add_count + 1, sizeof *state->dist);
    if (status == 0)
        status = gather_old(change, &dists, state);
    for (size_t i = 0; i < change->add_count && status == 0; i++) {
        const struct change_add *add = &change->add[i];
        state->dist[state->count] = (struct put_dist){.requested = add->requested,
                                                      .direct_url = add->direct_url,
                                                      .top_level = state->top_level};
        state->source[state->count++] = (struct layout_source){add->entry, add->manifest};
    }
    dists_free(&dists);
    return status;
}

void change_state_free(struct change_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        str_free(&state->dist[i].outside);
    free(state->source);
    free(state->dist);
    table_free(&state->gone);
    strv_free(&state->removals);
    layout_free(&state->layout);
    arena_free(&state->arena);
}
