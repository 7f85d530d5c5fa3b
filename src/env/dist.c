// SPDX-License-Identifier: Apache-2.0
// dist: each *.dist-info's METADATA is read as far as its first lines, which hold name and version.
#include "env/dist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "wheel/name.h"

enum { HEAD_SIZE = 4096, METADATA_MAX = 16 << 20, URL_MAX = 1 << 20 };

static char *text_of(struct arena *arena, struct piece piece)
{
    return arena_dupn(arena, piece.text, piece.size);
}

// The first bytes of a file, or all of it where `whole`.
static int read_file(int dir, const char *info, const char *name, int whole, struct str *ret)
{
    char path[512];
    if (name && (size_t)snprintf(path, sizeof path, "%s/%s", info, name) >= sizeof path)
        return -1;
    CLEANUP_CLOSE int fd = openat(dir, name ? path : info, O_RDONLY | O_CLOEXEC);
    char buffer[HEAD_SIZE];
    if (fd < 0)
        return -1;
    ssize_t size;
    while ((size = read(fd, buffer, sizeof buffer)) > 0 && ret->size < METADATA_MAX) {
        str_add_bytes(ret, buffer, (size_t)size);
        if (!whole)
            break;
    }
    return size < 0 ? -1 : 0;
}

// Name and Version.
static int read_identity(int dir, const char *file, const char *inside, struct dists *dists,
                         struct dist *dist)
{
    for (int whole = 0; whole < 2; whole++) {
        struct arena arena = {0};
        struct headers headers;
        CLEANUP_STR struct str text = {0};
        if (read_file(dir, file, inside, whole, &text) < 0)
            return -1;
        headers_parse(&arena, (struct piece){str_text(&text), text.size}, &headers);
        struct piece name = headers_get(&headers, "Name", 0);
        struct piece version = headers_get(&headers, "Version", 0);
        if (name.size && version.size && name_valid(name)) {
            dist->name = text_of(&dists->arena, name);
            dist->version = text_of(&dists->arena, version);
            dist->normal = text_of(&dists->arena, name_normal(&dists->arena, name));
            arena_free(&arena);
            return 0;
        }
        arena_free(&arena);
    }
    return -1;
}

static const char *json_text(struct arena *arena, const json_t *from, const char *key)
{
    const char *text = json_string_value(json_object_get(from, key));
    return text ? arena_dup(arena, text) : NULL;
}

// "file:///a%20b" -> "/a b". NULL if it is none.
static const char *url_path(struct arena *arena, const char *url)
{
    struct str path = {0};
    if (!str_starts(url, "file://"))
        return NULL;
    const char *from = strchr(url + 7, '/');
    if (!from || str_add_unpercent(&path, from, strlen(from)) < 0)
        return NULL;
    char *kept = arena_dup(arena, str_text(&path));
    str_free(&path);
    return kept;
}

// "sha256=0123...": the older form, else one of the newer.
static const char *archive_hash(struct arena *arena, const json_t *archive)
{
    const char *name;
    json_t *value;
    const char *hash = json_text(arena, archive, "hash");
    if (!hash)
        json_object_foreach(json_object_get(archive, "hashes"), name, value)
        {
            CLEANUP_FREE char *text = mem_print("%s=%s", name, json_string_value(value));
            if (json_is_string(value))
                return arena_dup(arena, text);
        }
    return hash;
}

// direct_url.json (PEP 610). Damaged: as if it were not there.
static void read_url(int dir, const char *info, struct arena *arena, struct dist *dist)
{
    CLEANUP_STR struct str text = {0};
    if (read_file(dir, info, "direct_url.json", 1, &text) < 0)
        return;
    json_t *root = json_loadb(str_text(&text), text.size, 0, NULL);
    const json_t *vcs = json_object_get(root, "vcs_info");
    const json_t *folder = json_object_get(root, "dir_info");
    dist->url = json_text(arena, root, "url");
    dist->subdirectory = json_text(arena, root, "subdirectory");
    dist->vcs = json_text(arena, vcs, "vcs");
    dist->commit = json_text(arena, vcs, "commit_id");
    dist->hash = archive_hash(arena, json_object_get(root, "archive_info"));
    dist->editable = json_is_true(json_object_get(folder, "editable"));
    if (dist->url && dist->editable)
        dist->location = url_path(arena, dist->url);
    json_decref(root);
}

// NAME.egg-link: its first line is the project's folder, which holds its egg-info.
static int read_egg_link(int dir, const char *file, struct dists *dists, struct dist *dist)
{
    CLEANUP_STR struct str text = {0};
    if (read_file(dir, file, NULL, 1, &text) < 0 || !text.size)
        return -1;
    CLEANUP_FREE char *project = mem_dupn(text.text, strcspn(text.text, "\r\n"));
    CLEANUP_FREE char *name = mem_dupn(file, strlen(file) - strlen(".egg-link"));
    for (char *at = name; *at; at++)
        *at = *at == '-' ? '_' : *at;
    CLEANUP_FREE char *info = mem_print("%s/%s.egg-info", project, name);
    dist->editable = 1;
    dist->location = arena_dup(&dists->arena, project);
    return read_identity(AT_FDCWD, info, "PKG-INFO", dists, dist);
}

// Returns 1 if the entry is a distribution, 0 if it is none, -1 if it is one that cannot be read.
static int read_entry(int dir, const char *entry, struct dists *dists, struct dist *ret)
{
    struct stat st;
    *ret = (struct dist){.info = arena_dup(&dists->arena, entry)};
    if (str_ends(entry, ".dist-info")) {
        if (read_identity(dir, entry, "METADATA", dists, ret) < 0)
            return -1;
        read_url(dir, entry, &dists->arena, ret);
        return 1;
    }
    if (str_ends(entry, ".egg-link")) {
        ret->kind = DIST_EGG_LINK;
        return read_egg_link(dir, entry, dists, ret) < 0 ? -1 : 1;
    }
    if (!str_ends(entry, ".egg-info"))
        return 0;
    int is_folder = fstatat(dir, entry, &st, 0) == 0 && S_ISDIR(st.st_mode);
    ret->kind = is_folder ? DIST_EGG_INFO : DIST_EGG_FILE;
    return read_identity(dir, entry, is_folder ? "PKG-INFO" : NULL, dists, ret) < 0 ? -1 : 1;
}

static int compare(const void *one, const void *two)
{
    return strcmp(((const struct dist *)one)->normal, ((const struct dist *)two)->normal);
}

// By name; of the same name what is newer comes first: dist-info before egg-info.
static int compare_all(const void *one, const void *two)
{
    const struct dist *first = one, *second = two;
    int order = compare(one, two);
    if (order == 0)
        order = (int)first->kind - (int)second->kind;
    return order ? order : strcmp(second->info, first->info);
}

// Of the same name one counts: distributions of Debian have a dist-info and an old egg-info.
static void drop_equal(struct dists *dists)
{
    size_t kept = 1;
    for (size_t i = 1; i < dists->count; i++)
        if (compare(&dists->item[i], &dists->item[kept - 1]) != 0)
            dists->item[kept++] = dists->item[i];
    dists->count = kept;
}

// pip leaves "~umpy-1.0.dist-info" where an uninstall was cut short.
static int is_left_over(const char *entry)
{
    return *entry == '~' || *entry == '.';
}

static int is_there(const struct dists *dists, size_t count, const char *normal)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(dists->item[i].normal, normal) == 0)
            return 1;
    return 0;
}

int dists_read(const char *folder, struct dists *dists, struct strv *ret_odd, struct err *err)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : err_errno(err, ERR_SYSTEM, errno, _("cannot read folder '%s'"), folder);
    const char *kept = arena_dup(&dists->arena, folder);
    size_t before = dists->count;
    struct dirent *entry;
    while ((entry = readdir(stream))) {
        struct dist dist;
        int is = is_left_over(entry->d_name)
                     ? 0
                     : read_entry(dirfd(stream), entry->d_name, dists, &dist);
        if (is < 0 && ret_odd)
            strv_take(ret_odd, mem_print("%s/%s", folder, entry->d_name));
        if (is <= 0 || is_there(dists, before, dist.normal))
            continue;
        dist.folder = kept;
        mem_room(&dists->item, &dists->room, dists->count + 1, sizeof *dists->item);
        dists->item[dists->count++] = dist;
    }
    closedir(stream);
    if (dists->count) {
        qsort(dists->item, dists->count, sizeof *dists->item, compare_all);
        drop_equal(dists);
    }
    return 0;
}

const struct dist *dists_find(const struct dists *dists, const char *normal)
{
    const struct dist key = {.normal = normal};
    return dists->count ? bsearch(&key, dists->item, dists->count, sizeof *dists->item, compare)
                        : NULL;
}

void dists_free(struct dists *dists)
{
    free(dists->item);
    arena_free(&dists->arena);
    *dists = (struct dists){0};
}

int dist_file(const struct dist *dist, const char *name, struct str *into, struct err *err)
{
    CLEANUP_FREE char *path = dist->kind == DIST_EGG_FILE
                                  ? mem_print("%s/%s", dist->folder, dist->info)
                                  : mem_print("%s/%s/%s", dist->folder, dist->info, name);
    return fs_read(AT_FDCWD, path, METADATA_MAX, into, err);
}

int dist_metadata(const struct dist *dist, struct arena *arena, struct metadata *ret,
                  struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (dist_file(dist, dist->kind == DIST_INFO ? "METADATA" : "PKG-INFO", &text, err) < 0)
        return -1;
    const struct piece kept = {arena_dupn(arena, str_text(&text), text.size), text.size};
    return metadata_parse(arena, kept, ret, err) < 0 ? err_wrap(err, "%s", dist->info) : 0;
}
