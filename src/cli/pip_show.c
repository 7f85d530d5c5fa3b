// SPDX-License-Identifier: Apache-2.0
// pip_show: `pip show`, field by field as pip writes it, and `pip check`.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/pip.h"
#include "cli/say.h"
#include "env/profile.h"
#include "wheel/name.h"
#include "wheel/record.h"

// One field of the metadata, on one line.
static void add_field(struct str *into, const struct headers *headers, const char *label,
                      const char *name)
{
    struct piece value = headers_get(headers, name, 0);
    str_print(into, "%s: ", label);
    str_add_bytes(into, value.text, value.size);
    str_add_char(into, '\n');
}

static void add_joined(struct str *into, const char *label, const struct strv *list)
{
    str_print(into, "%s: ", label);
    for (size_t i = 0; i < list->count; i++)
        str_print(into, "%s%s", i ? ", " : "", list->item[i]);
    str_add_char(into, '\n');
}

static int compare(const void *one, const void *two)
{
    return strcasecmp(*(char *const *)one, *(char *const *)two);
}

// Requirements in force here, without those of extras.
static void find_requires(const struct metadata *metadata, const struct marker_env *env,
                          struct strv *ret)
{
    for (size_t i = 0; i < metadata->requires_count; i++) {
        const struct require *require = metadata->requires_dist[i];
        if (require->marker && marker_evaluate(require->marker, env, NULL) != 1)
            continue;
        CLEANUP_FREE char *name = mem_dupn(require->name.text, require->name.size);
        strv_add(ret, name);
    }
    if (ret->count)
        qsort(ret->item, ret->count, sizeof *ret->item, compare);
}

// Who requires it.
static void find_required_by(const struct pip *pip, const struct marker_env *env,
                             const char *normal, struct strv *ret)
{
    for (size_t i = 0; i < pip->dists.count; i++) {
        struct arena arena = {0};
        struct metadata metadata;
        int found = 0;
        if (dist_metadata(&pip->dists.item[i], &arena, &metadata, NULL) == 0)
            for (size_t r = 0; r < metadata.requires_count && !found; r++) {
                const struct require *require = metadata.requires_dist[r];
                found = piece_is(require->normal, normal) &&
                        (!require->marker || marker_evaluate(require->marker, env, NULL) == 1);
            }
        if (found)
            strv_add(ret, pip->dists.item[i].name);
        arena_free(&arena);
    }
    if (ret->count)
        qsort(ret->item, ret->count, sizeof *ret->item, compare);
}

static int compare_bytes(const void *one, const void *two)
{
    return strcmp(*(char *const *)one, *(char *const *)two);
}

static void add_sorted(struct str *into, const struct record_file *record)
{
    CLEANUP_STRV struct strv files = {0};
    for (size_t i = 0; i < record->count; i++)
        strv_take(&files, mem_dupn(record->row[i].path.text, record->row[i].path.size));
    if (files.count)
        qsort(files.item, files.count, sizeof *files.item, compare_bytes);
    for (size_t i = 0; i < files.count; i++)
        str_print(into, "  %s\n", files.item[i]);
}

static void add_files(struct str *into, const struct dist *dist)
{
    struct arena arena = {0};
    CLEANUP_STR struct str text = {0};
    struct record_file record;
    str_add(into, "Files:\n");
    if (dist->kind == DIST_INFO && dist_file(dist, "RECORD", &text, NULL) == 0 &&
        record_file_parse(&arena, (struct piece){str_text(&text), text.size}, &record, NULL) ==
            0)
        add_sorted(into, &record);
    else
        str_print(into, "  %s\n", "Cannot locate RECORD or installed-files.txt");
    arena_free(&arena);
}

// A newer licence expression stands for the older free text (PEP 639).
static void add_license(struct str *into, const struct headers *headers)
{
    if (headers_count(headers, "License-Expression"))
        add_field(into, headers, "License-Expression", "License-Expression");
    else
        add_field(into, headers, "License", "License");
}

static int show_one(const struct pip *pip, const struct dist *dist,
                    const struct marker_env *env, struct str *into, struct err *err)
{
    struct arena arena = {0};
    struct metadata metadata;
    CLEANUP_STRV struct strv requires = {0};
    CLEANUP_STRV struct strv required_by = {0};
    if (dist_metadata(dist, &arena, &metadata, err) < 0) {
        arena_free(&arena);
        return -1;
    }
    const struct headers *headers = &metadata.headers;
    find_requires(&metadata, env, &requires);
    find_required_by(pip, env, dist->normal, &required_by);
    str_print(into, "Name: %s\nVersion: %s\n", dist->name, dist->version);
    add_field(into, headers, "Summary", "Summary");
    add_field(into, headers, "Home-page", "Home-page");
    add_field(into, headers, "Author", "Author");
    add_field(into, headers, "Author-email", "Author-email");
    add_license(into, headers);
    str_print(into, "Location: %s\n", dist->folder);
    if (dist->location)
        str_print(into, "Editable project location: %s\n", dist->location);
    add_joined(into, "Requires", &requires);
    add_joined(into, "Required-by", &required_by);
    if (pip->cli->options.pack.files)
        add_files(into, dist);
    arena_free(&arena);
    return 0;
}

static int show_all(struct pip_scene *scene, struct err *err)
{
    const struct cli *cli = scene->pip.cli;
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str absent = {0};
    for (size_t i = 0; i < cli->words.count; i++) {
        CLEANUP_STR struct str normal = {0};
        name_add_normal(&normal, piece_of(cli->words.item[i]));
        const struct dist *dist = dists_find(&scene->pip.dists, str_text(&normal));
        if (!dist) {
            str_print(&absent, "%s%s", absent.size ? ", " : "", cli->words.item[i]);
            continue;
        }
        if (text.size)
            str_add(&text, "---\n");
        if (show_one(&scene->pip, dist, &scene->profile.markers, &text, err) < 0)
            return -1;
    }
    if (absent.size)
        say(cli, _("not installed: %s"), absent.text);
    int found = text.size > 0;
    return say_data(cli, &text, err) < 0 ? -1 : !found;
}

int pip_show(struct cli *cli, struct err *err)
{
    struct pip_scene scene;
    if (!cli->words.count) {
        err_set(err, ERR_USAGE, _("a package is missing"));
        return err_hint(err, "try", "lopin pip show numpy");
    }
    int status = pip_scene_open(cli, &scene, err) < 0 ? -1 : show_all(&scene, err);
    pip_scene_close(&scene);
    return status;
}

// What is wrong with one requirement of a distribution, as pip says it.
static void check_require(const struct pip *pip, const struct dist *dist,
                          const struct require *require, struct str *into)
{
    struct arena arena = {0};
    CLEANUP_FREE char *normal = mem_dupn(require->normal.text, require->normal.size);
    CLEANUP_STR struct str words = {0};
    const struct dist *other = dists_find(&pip->dists, normal);
    struct require bare = *require;
    bare.marker = NULL;
    require_add(&words, &bare);
    if (!other) {
        str_print(into, "%s %s requires %s, which is not installed.\n", dist->normal,
                  dist->version, normal);
        return;
    }
    const struct candidate candidate = {piece_of(other->version),
                                        version_parse(&arena, piece_of(other->version), NULL)};
    if (!specifiers_contain(&require->specifiers, &candidate, PRERELEASES_YES))
        str_print(into, "%s %s has requirement %s, but you have %s %s.\n", dist->normal,
                  dist->version, words.text, normal, other->version);
    arena_free(&arena);
}

static void check_one(const struct pip *pip, const struct dist *dist,
                      const struct marker_env *env, struct str *into)
{
    struct arena arena = {0};
    struct metadata metadata;
    struct err why = {0};
    if (dist_metadata(dist, &arena, &metadata, &why) < 0)
        str_print(into, "%s %s: %s\n", dist->name, dist->version, why.text);
    else
        for (size_t i = 0; i < metadata.requires_count; i++) {
            const struct require *require = metadata.requires_dist[i];
            if (!require->marker || marker_evaluate(require->marker, env, NULL) == 1)
                check_require(pip, dist, require, into);
        }
    arena_free(&arena);
}

static int check_all(struct pip_scene *scene, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    const struct pip *pip = &scene->pip;
    for (size_t i = 0; i < pip->dists.count; i++)
        check_one(pip, &pip->dists.item[i], &scene->profile.markers, &text);
    for (size_t i = 0; i < pip->odd.count; i++)
        str_print(&text, "%s: %s\n", pip->odd.item[i], _("its metadata cannot be read"));
    int is_good = !text.size;
    if (is_good)
        str_add(&text, "No broken requirements found.\n");
    return say_data(pip->cli, &text, err) < 0 ? -1 : !is_good;
}

int pip_check(struct cli *cli, struct err *err)
{
    struct pip_scene scene;
    if (cli->words.count)
        return err_set(err, ERR_USAGE, _("check takes no words"));
    int status = pip_scene_open(cli, &scene, err) < 0 ? -1 : check_all(&scene, err);
    pip_scene_close(&scene);
    return status;
}
