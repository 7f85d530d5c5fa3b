// SPDX-License-Identifier: Apache-2.0
// env_show: `lopin env show`: what an environment is: interpreter, packages, the wheels that they came
// from, and what it takes on the disk.
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/columns.h"
#include "cli/env.h"
#include "cli/json_text.h"
#include "cli/line_modules.h"
#include "cli/pip.h"
#include "cli/project_env.h"
#include "cli/say.h"
#include "env/origin.h"

struct part { // one package
    const struct dist *dist;
    const struct manifest *manifest; // NULL: it is no link into the store
    char *installer;                 // "lopin", "pip", "uv"; yours
    uint64_t store_bytes;
    int requested;
};
struct shown {
    const struct pip *pip;
    struct arena arena;
    struct part *part;
    size_t count, linked;
    uint64_t own_bytes, own_files, store_bytes;
    char id[17]; // of what is in it
};

// What is in the folder itself, links not followed.
static void measure(const char *folder, struct shown *shown)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        CLEANUP_FREE char *path = mem_print("%s/%s", folder, entry->d_name);
        if (lstat(path, &st) < 0)
            continue;
        shown->own_files++;
        shown->own_bytes += (uint64_t)st.st_blocks * 512;
        if (S_ISDIR(st.st_mode))
            measure(path, shown);
    }
    if (dir)
        closedir(dir);
}

static void look_at(struct shown *shown, const struct dist *dist)
{
    struct part *part = &shown->part[shown->count++];
    struct str text = {0};
    CLEANUP_FREE char *requested = mem_print("%s/%s/REQUESTED", dist->folder, dist->info);
    *part = (struct part){.dist = dist,
                          .manifest = origin_manifest(&shown->arena, dist),
                          .requested = access(requested, F_OK) == 0};
    if (dist->kind == DIST_INFO && dist_file(dist, "INSTALLER", &text, NULL) == 0)
        text.text[strcspn(text.text ? text.text : "", "\n")] = '\0';
    part->installer = mem_dup(str_text(&text));
    str_free(&text);
    for (size_t i = 0; part->manifest && i < part->manifest->file_count; i++)
        part->store_bytes += part->manifest->file[i].size;
    shown->store_bytes += part->store_bytes;
    shown->linked += part->manifest != NULL;
}

// The same packages, by the hashes of their wheels where they are known, have the same id.
static void make_id(struct shown *shown)
{
    struct hash hash;
    hash_begin(&hash);
    for (size_t i = 0; i < shown->count; i++) {
        hash_text(&hash, shown->part[i].dist->normal);
        hash_text(&hash, shown->part[i].dist->version);
        hash_text(&hash, shown->part[i].manifest ? shown->part[i].manifest->sha256 : NULL);
    }
    snprintf(shown->id, sizeof shown->id, "%016llx", (unsigned long long)hash_end(&hash));
}

static json_t *part_object(const struct part *part)
{
    const struct manifest *manifest = part->manifest;
    json_t *object = json_object();
    json_put_text(object, "name", part->dist->name);
    json_put_text(object, "version", part->dist->version);
    json_object_set_new(object, "requested", json_boolean(part->requested));
    json_object_set_new(object, "installer", json_text(part->installer));
    json_object_set_new(object, "editable", json_boolean(part->dist->editable));
    json_object_set_new(object, "url", json_text(part->dist->url));
    json_object_set_new(object, "wheel", json_text(manifest ? manifest->wheel : NULL));
    json_object_set_new(object, "sha256", json_text(manifest ? manifest->sha256 : NULL));
    json_object_set_new(object, "bytes",
                        manifest ? json_integer((json_int_t)part->store_bytes) : json_null());
    return object;
}

// That it was made with: they are loaded when it is used.
static void modules_of(const struct site *site, struct strv *ret)
{
    if (site->modules)
        strv_split(ret, site->modules, ':');
}

static int say_json(const struct shown *shown, const struct python *python, struct err *err)
{
    const struct site *site = &shown->pip->site;
    json_t *object = json_object();
    json_t *packages = json_array(), *modules = json_array();
    CLEANUP_STRV struct strv names = {0};
    modules_of(site, &names);
    for (size_t i = 0; i < names.count; i++)
        json_array_append_new(modules, json_text(names.item[i]));
    json_object_set_new(object, "v", json_integer(1));
    json_put_text(object, "env", site->prefix);
    json_object_set_new(object, "id", json_string(shown->id));
    json_put_text(object, "python", python->facts.version);
    json_put_text(object, "interpreter", python->facts.program);
    json_object_set_new(object, "system_site_packages", json_boolean(site->system_site));
    json_object_set_new(object, "by_lopin", json_boolean(site->is_lopin));
    json_object_set_new(object, "own_bytes", json_integer((json_int_t)shown->own_bytes));
    json_object_set_new(object, "own_files", json_integer((json_int_t)shown->own_files));
    json_object_set_new(object, "store_bytes", json_integer((json_int_t)shown->store_bytes));
    for (size_t i = 0; i < shown->count; i++)
        json_array_append_new(packages, part_object(&shown->part[i]));
    json_object_set_new(object, "modules", modules);
    json_object_set_new(object, "packages", packages);
    return json_say(shown->pip->cli, object, err);
}

static const char *origin_of(const struct part *part)
{
    if (part->dist->editable && part->dist->location)
        return part->dist->location;
    if (part->dist->url)
        return part->dist->url;
    return part->manifest ? part->manifest->wheel : part->installer;
}

static void add_parts(const struct shown *shown, struct str *text)
{
    size_t widths[2] = {0};
    for (size_t i = 0; i < shown->count; i++) {
        const struct dist *dist = shown->part[i].dist;
        size_t size[] = {strlen(dist->name), strlen(dist->version)};
        for (int c = 0; c < 2; c++)
            widths[c] = size[c] > widths[c] ? size[c] : widths[c];
    }
    for (size_t i = 0; i < shown->count; i++) {
        const struct part *part = &shown->part[i];
        const char *origin = origin_of(part);
        str_print(text, "%c %-*s  %-*s  ", part->requested ? '*' : ' ', (int)widths[0],
                  part->dist->name, (int)widths[1], part->dist->version);
        str_add_visible(text, origin, strlen(origin));
        str_add_char(text, '\n');
    }
}

static int say_text(const struct shown *shown, const struct python *python, struct err *err)
{
    CLEANUP_STR struct str text = {0}, own = {0}, store = {0};
    CLEANUP_STRV struct strv modules = {0};
    const struct site *site = &shown->pip->site;
    human_memory(&own, (int64_t)(shown->own_bytes / 1024));
    human_memory(&store, (int64_t)(shown->store_bytes / 1024));
    say_add_label(&text, _("env"));
    str_add_visible(&text, site->prefix, strlen(site->prefix));
    str_add_char(&text, '\n');
    say_add_label(&text, "python");
    str_print(&text, "%s   ", python->facts.version);
    str_add_visible(&text, python->facts.program, strlen(python->facts.program));
    str_add(&text, site->system_site ? _("   and its own packages\n") : "\n");
    modules_of(site, &modules);
    if (modules.count) {
        say_add_label(&text, _("modules"));
        line_modules_add(&modules, &text);
        str_add_char(&text, '\n');
    }
    say_add_label(&text, _("what"));
    str_print(&text,
              lang_plural("%zu package, %zu of them links into the store   id %s\n",
                          "%zu packages, %zu of them links into the store   id %s\n",
                          shown->count),
              shown->count, shown->linked, shown->id);
    say_add_label(&text, _("size"));
    str_print(&text, _("%s in %llu files here, %s in the store\n\n"), own.text,
              (unsigned long long)shown->own_files, store.text);
    add_parts(shown, &text);
    return say_data(shown->pip->cli, &text, err);
}

static int show(const struct pip *pip, const struct python *python, struct err *err)
{
    struct shown shown = {.pip = pip};
    shown.part = mem_zero(pip->dists.count + 1, sizeof *shown.part);
    for (size_t i = 0; i < pip->dists.count; i++)
        look_at(&shown, &pip->dists.item[i]);
    make_id(&shown);
    measure(pip->site.prefix, &shown);
    int status =
        pip->cli->options.json ? say_json(&shown, python, err) : say_text(&shown, python, err);
    for (size_t i = 0; i < shown.count; i++)
        free(shown.part[i].installer);
    free(shown.part);
    arena_free(&shown.arena);
    return status;
}

int env_show(struct cli *cli, struct err *err)
{
    struct pip pip;
    struct python python = {0};
    int status = -1;
    if (project_pip(cli, _("show takes one environment"), &pip, err) == 0 &&
        pip_python(&pip, &python, err) == 0)
        status = show(&pip, &python, err);
    python_free(&python);
    pip_close(&pip);
    return status;
}
