// SPDX-License-Identifier: Apache-2.0
// pip_freeze: `pip freeze` and `pip list`, written as pip writes them.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"
#include "cli/json_text.h"
#include "cli/pip.h"
#include "cli/say.h"
#include "wheel/name.h"

int pip_is_tool(const struct pip *pip, const struct dist *dist)
{
    int is_old = pip->site.minor < 12; // from 3.12 on venv installs pip alone
    return strcmp(dist->normal, "pip") == 0 ||
           (is_old &&
            (strcmp(dist->normal, "setuptools") == 0 || strcmp(dist->normal, "wheel") == 0 ||
             strcmp(dist->normal, "distribute") == 0));
}

static int is_excluded(const struct pack_options *pack, const struct dist *dist)
{
    for (size_t i = 0; i < pack->exclude.count; i++) {
        CLEANUP_STR struct str normal = {0};
        name_add_normal(&normal, piece_of(pack->exclude.item[i]));
        if (strcmp(str_text(&normal), dist->normal) == 0)
            return 1;
    }
    return 0;
}

static int by_name(const void *one, const void *two)
{
    const struct dist *const *first = one, *const *second = two;
    int order = strcasecmp((*first)->name, (*second)->name);
    return order ? order : strcmp((*first)->normal, (*second)->normal);
}

// In the order in which pip shows them: by name, whatever the case. Yours.
static const struct dist **in_order(const struct pip *pip)
{
    const struct dist **list = mem_zero(pip->dists.count + 1, sizeof *list);
    for (size_t i = 0; i < pip->dists.count; i++)
        list[i] = &pip->dists.item[i];
    qsort(list, pip->dists.count, sizeof *list, by_name);
    return list;
}

static void add_version(struct str *into, const char *version, int is_public)
{
    str_add_bytes(into, version, is_public ? strcspn(version, "+") : strlen(version));
}

// "name==1.0", or where it came from (PEP 610, pip's "Direct URL origin").
void pip_add_frozen(struct str *into, const struct dist *dist, int is_public)
{
    if (dist->editable && dist->location) {
        str_print(into, "# Editable install with no version control (%s==%s)\n-e %s\n",
                  dist->name, dist->version, dist->location);
        return;
    }
    if (dist->url) {
        str_print(into, "%s @ %s%s%s%s%s", dist->name, dist->vcs ? dist->vcs : "",
                  dist->vcs ? "+" : "", dist->url, dist->commit ? "@" : "",
                  dist->commit ? dist->commit : "");
        if (dist->hash)
            str_print(into, "#%s", dist->hash);
        if (dist->subdirectory)
            str_print(into, "%csubdirectory=%s", dist->hash ? '&' : '#', dist->subdirectory);
        str_add_char(into, '\n');
        return;
    }
    str_print(into, "%s==", dist->name);
    add_version(into, dist->version, is_public);
    str_add_char(into, '\n');
}

// A folder that is no readable distribution is named: freeze would silently lack it.
static void warn_odd(const struct pip *pip)
{
    for (size_t i = 0; i < pip->odd.count; i++) {
        CLEANUP_STR struct str path = {0};
        str_add_visible(&path, pip->odd.item[i], strlen(pip->odd.item[i]));
        say(pip->cli, _("left out, as its metadata cannot be read: %s"), path.text);
    }
}

int pip_freeze(struct cli *cli, struct err *err)
{
    struct pip pip;
    CLEANUP_STR struct str text = {0};
    int status = -1;
    if (cli->words.count)
        return err_set(err, ERR_USAGE, _("freeze takes no words"));
    if (pip_open(cli, &pip, err) == 0) {
        const struct dist **list = in_order(&pip);
        for (size_t i = 0; i < pip.dists.count; i++)
            if ((cli->options.pack.all || !pip_is_tool(&pip, list[i])) &&
                !is_excluded(&cli->options.pack, list[i]))
                pip_add_frozen(&text, list[i], cli->options.pack.public);
        free(list);
        warn_odd(&pip);
        status = say_data(cli, &text, err);
    }
    pip_close(&pip);
    return status;
}

// pip's table has a rule below its heads, and its columns are as wide as their widest text.
static void add_table(struct str *into, const struct dist **list, size_t count)
{
    static const char *const heads[] = {"Package", "Version", "Editable project location"};
    size_t width[3], columns = 2;
    for (size_t c = 0; c < 3; c++)
        width[c] = strlen(heads[c]);
    for (size_t i = 0; i < count; i++) {
        const char *cell[] = {list[i]->name, list[i]->version,
                              list[i]->location ? list[i]->location : ""};
        columns = list[i]->location ? 3 : columns;
        for (size_t c = 0; c < 3; c++)
            width[c] = strlen(cell[c]) > width[c] ? strlen(cell[c]) : width[c];
    }
    for (size_t i = 0; count && i < count + 2; i++) {
        const struct dist *dist = i < 2 ? NULL : list[i - 2];
        const char *cell[] = {dist ? dist->name : heads[0], dist ? dist->version : heads[1],
                              !dist            ? heads[2]
                              : dist->location ? dist->location
                                               : ""};
        for (size_t c = 0; c < columns; c++) {
            size_t used = i == 1 ? 0 : strlen(cell[c]);
            str_add(into, c ? " " : "");
            str_add_bytes(into, cell[c], used);
            for (; used < width[c] && (i == 1 || c + 1 < columns); used++)
                str_add_char(into, i == 1 ? '-' : ' ');
        }
        while (into->text[into->size - 1] == ' ')
            into->text[--into->size] = '\0';
        str_add_char(into, '\n');
    }
}

static int add_json(struct str *into, const struct dist **list, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "name", json_text(list[i]->name));
        json_object_set_new(one, "version", json_text(list[i]->version));
        if (list[i]->location)
            json_object_set_new(one, "editable_project_location", json_text(list[i]->location));
        json_array_append_new(all, one);
    }
    return json_add_line(into, all);
}

// Without those that another one requires here.
static size_t drop_required(struct pip *pip, const struct marker_env *env,
                            const struct dist **list, size_t count)
{
    struct arena arena = {0};
    struct table required = {0};
    int is_new;
    for (size_t i = 0; i < pip->dists.count; i++) {
        struct metadata metadata;
        if (dist_metadata(&pip->dists.item[i], &arena, &metadata, NULL) < 0)
            continue;
        for (size_t r = 0; r < metadata.requires_count; r++) {
            const struct require *require = metadata.requires_dist[r];
            struct piece name = require->normal;
            if (!require->marker || marker_evaluate(require->marker, env, NULL) == 1)
                table_put(&required, arena_dupn(&arena, name.text, name.size), &is_new);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!table_get(&required, list[i]->normal))
            list[kept++] = list[i];
    table_free(&required);
    arena_free(&arena);
    return kept;
}

// `env`: what markers are compared with, if that is needed.
static int list_open(struct pip *pip, const struct marker_env *env, struct err *err)
{
    const struct pack_options *pack = &pip->cli->options.pack;
    const char *format = pack->format ? pack->format : "columns";
    const struct dist **list = in_order(pip);
    size_t count = 0;
    int status = 0;
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < pip->dists.count; i++)
        if (!is_excluded(pack, list[i]))
            list[count++] = list[i];
    if (env)
        count = drop_required(pip, env, list, count);
    if (strcmp(format, "columns") == 0)
        add_table(&text, list, count);
    else if (strcmp(format, "json") == 0)
        status = add_json(&text, list, count);
    else if (strcmp(format, "freeze") == 0)
        for (size_t i = 0; i < count; i++)
            str_print(&text, "%s==%s\n", list[i]->name, list[i]->version);
    else
        status = err_set(err, ERR_USAGE, _("option %s: '%s' is not %s"), "--format", format,
                         "columns, freeze, json");
    free(list);
    warn_odd(pip);
    return status < 0 ? -1 : say_data(pip->cli, &text, err);
}

static int list_not_required(struct cli *cli, struct err *err)
{
    struct pip_scene scene;
    int status = pip_scene_open(cli, &scene, err) < 0
                     ? -1
                     : list_open(&scene.pip, &scene.profile.markers, err);
    pip_scene_close(&scene);
    return status;
}

int pip_list(struct cli *cli, struct err *err)
{
    struct pip pip;
    if (cli->words.count)
        return err_set(err, ERR_USAGE, _("list takes no words"));
    if (cli->options.pack.not_required)
        return list_not_required(cli, err);
    int status = pip_open(cli, &pip, err) < 0 ? -1 : list_open(&pip, NULL, err);
    pip_close(&pip);
    return status;
}
