// SPDX-License-Identifier: Apache-2.0
// wheels_ask: names, patterns and requirements; and for which Pythons.
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/config.h"
#include "cli/packs.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "cli/wheels.h"
#include "env/python.h"
#include "env/release.h"
#include "wheel/name.h"
#include "wheel/pyproject.h"
#include "wheel/reqfile.h"
#include "wheel/require.h"

static struct wheels_name *add_name(struct arena *arena, struct wheels_names *names,
                                    const char *text)
{
    if (names->count == names->room) {
        size_t room = names->room ? 2 * names->room : 16;
        struct wheels_name *more = arena_alloc(arena, room * sizeof *more);
        for (size_t i = 0; i < names->count; i++)
            more[i] = names->item[i];
        names->item = more;
        names->room = room;
    }
    struct wheels_name *name = &names->item[names->count++];
    *name = (struct wheels_name){.text = arena_dup(arena, text)};
    return name;
}

// "num*", with specifiers behind it as a requirement has them.
static int read_pattern(struct arena *arena, struct wheels_names *names, const char *text,
                        struct err *err)
{
    size_t size = strcspn(text, "<>=!~ ");
    struct wheels_name *name = add_name(arena, names, text);
    CLEANUP_STR struct str lower = {0};
    // Runs of '-', '_' and '.' are one '-' in names; brackets of a pattern stay as they are.
    name_add_normal(&lower, (struct piece){text, size});
    name->pattern = arena_dup(arena, str_text(&lower));
    name->is_pattern = 1;
    return specifiers_parse(arena, piece_of(text + size), &name->specifiers, err);
}

static void add_require(struct arena *arena, struct wheels_names *names, const char *text,
                        const struct require *require)
{
    struct wheels_name *name = add_name(arena, names, text);
    name->pattern = arena_dupn(arena, require->normal.text, require->normal.size);
    name->specifiers = require->specifiers;
}

static int read_word(struct arena *arena, struct wheels_names *names, const char *text,
                     struct err *err)
{
    if (strcspn(text, "*?") < strcspn(text, "<>=!~;@ "))
        return read_pattern(arena, names, text, err);
    struct require *require = require_parse(arena, piece_of(text), err);
    if (!require)
        return -1;
    add_require(arena, names, text, require);
    return 0;
}

// Whether the line is for this Python at all.
static int is_meant(const struct wheels_pythons *pythons, const struct require *require)
{
    if (!require->marker || !pythons->count)
        return 1;
    struct marker_env env = pythons->item[0].profile.markers;
    env.value[MARKER_EXTRA] = "";
    return marker_evaluate(require->marker, &env, NULL) != 0;
}

// The dependencies of a pyproject.toml.
static int read_project(struct cli *cli, struct arena *arena, const char *path,
                        const struct wheels_pythons *pythons, struct wheels_names *names,
                        struct err *err)
{
    struct pyproject project;
    CLEANUP_STR struct str text = {0};
    if (packs_read_file(cli, path, &text, err) < 0)
        return -1;
    if (pyproject_parse(arena, (struct piece){str_text(&text), text.size},
                        PYPROJECT_DEPENDENCIES, NULL, &project, err) < 0)
        return err_wrap(err, "%s", path);
    for (size_t i = 0; i < project.count; i++) {
        CLEANUP_STR struct str shown = {0};
        require_add(&shown, project.require[i]);
        if (is_meant(pythons, project.require[i]))
            add_require(arena, names, str_text(&shown), project.require[i]);
    }
    return 0;
}

static int read_requirements(const struct cli *cli, struct arena *arena, const char *path,
                             const struct wheels_pythons *pythons, struct wheels_names *names,
                             struct err *err)
{
    struct cli *context = (struct cli *)(uintptr_t)cli;
    const struct reqfile_source source = {packs_read_file, context, &cli->vars};
    struct reqfile file;
    if (strcmp(fs_base(path), "pyproject.toml") == 0)
        return read_project(context, arena, path, pythons, names, err);
    if (reqfile_parse(arena, path, 0, &source, &file, err) < 0)
        return -1;
    for (size_t i = 0; i < file.count; i++) {
        const struct reqfile_line *line = &file.line[i];
        if (line->constraint || line->kind == REQFILE_LINE_SETTINGS)
            continue;
        const struct require *require = line->kind == REQFILE_LINE_EDITABLE
                                            ? NULL
                                            : require_parse(arena, piece_of(line->text), NULL);
        if (!require) {
            say(cli, _("%s:%zu: no name of a project, ignoring"), line->file, line->number);
            continue;
        }
        if (is_meant(pythons, require) && read_word(arena, names, line->text, err) < 0)
            return -1;
    }
    return 0;
}

int wheels_read_names(const struct cli *cli, struct arena *arena,
                      const struct wheels_pythons *pythons, struct wheels_names *ret,
                      struct err *err)
{
    const struct strv *files = &cli->options.pack.requirements;
    *ret = (struct wheels_names){0};
    for (size_t i = 0; i < cli->words.count; i++)
        if (read_word(arena, ret, cli->words.item[i], err) < 0)
            return -1;
    for (size_t i = 0; i < files->count; i++)
        if (read_requirements(cli, arena, files->item[i], pythons, ret, err) < 0)
            return -1;
    return 0;
}

// A wheelhouse is asked about Pythons that need not be here; without any, this system's libc counts.
static void make_base(struct wheels_pythons *pythons)
{
    struct utsname names;
    struct tag_facts *facts = &pythons->base.facts;
    char libc[64] = "";
    CLEANUP_FREE char *platform =
        mem_print("linux-%s", uname(&names) == 0 ? names.machine : "x86_64");
    facts->platform = arena_dup(&pythons->base.arena, platform);
    if (confstr(_CS_GNU_LIBC_VERSION, libc, sizeof libc) && str_starts(libc, "glibc ")) {
        char *dot;
        facts->glibc.major = (int)strtol(libc + 6, &dot, 10);
        facts->glibc.minor = *dot == '.' ? (int)strtol(dot + 1, NULL, 10) : 0;
    }
}

static void add_python(struct wheels_pythons *pythons, const char *version,
                       const struct release *release)
{
    pythons->item = mem_resize(pythons->item, pythons->count + 1, sizeof *pythons->item);
    struct wheels_python *python = &pythons->item[pythons->count++];
    *python = (struct wheels_python){.version = mem_dup(version)};
    profile_other(&pythons->base, release->part[0], release->part[1], &python->profile);
}

static int find_python(const struct cli *cli, const char *want, struct wheels_pythons *ret,
                       struct err *err)
{
    CLEANUP_FREE char *cache = setting_cache(cli);
    const struct python_ask ask = {
        .want = want, .vars = &cli->vars, .cache = cache, .also = config_pythons(cli)};
    if (python_find(&ask, &ret->python, err) < 0)
        return -1;
    return profile_read(&ret->python, &cli->vars, &ret->base, err);
}

static int read_versions(const char *want, struct strv *into)
{
    struct release release;
    strv_split(into, want, ',');
    for (size_t i = 0; i < into->count; i++)
        if (release_parse(into->item[i], &release) < 0 || release.parts < 2)
            return -1; // a path, ">=3.11,<3.13"
    return 0;
}

int wheels_read_pythons(const struct cli *cli, struct wheels_pythons *ret, struct err *err)
{
    const char *want = cli->options.python;
    struct release release;
    CLEANUP_STRV struct strv versions = {0};
    *ret = (struct wheels_pythons){0};
    if (cli->options.pack.all_pythons)
        return 0;
    if (want && read_versions(want, &versions) == 0) {
        // The system and the site's _manylinux are those of the interpreter that is here.
        if (find_python(cli, NULL, ret, NULL) < 0)
            make_base(ret);
        for (size_t i = 0; i < versions.count; i++) {
            release_parse(versions.item[i], &release);
            add_python(ret, versions.item[i], &release);
        }
        return 0;
    }
    if (find_python(cli, want, ret, err) < 0)
        return -1;
    if (release_parse(ret->python.facts.version, &release) == 0)
        add_python(ret, ret->python.facts.version, &release);
    return 0;
}

void wheels_pythons_free(struct wheels_pythons *pythons)
{
    for (size_t i = 0; i < pythons->count; i++) {
        free(pythons->item[i].version);
        profile_free(&pythons->item[i].profile);
    }
    free(pythons->item);
    profile_free(&pythons->base);
    python_free(&pythons->python);
    *pythons = (struct wheels_pythons){0};
}
