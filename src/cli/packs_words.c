// SPDX-License-Identifier: Apache-2.0
// packs_words: requirements from words, files and pip's configuration.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/packs_build.h"
#include "cli/packs_hashes.h"
#include "source/url.h"
#include "wheel/name.h"
#include "wheel/pyproject.h"
#include "wheel/reqfile.h"

enum { FILE_MAX = 1 << 24 };

void packs_list_add(struct packs_list *list, struct require *require)
{
    mem_room(&list->item, &list->room, list->count + 1, sizeof *list->item);
    list->item[list->count++] = require;
}

// "./x.whl", "dir/x.whl[extra]", a URL: a wheel by its place. NULL with err.
static struct require *read_wheel(struct packs *packs, const char *text, const char *folder,
                                  struct err *err)
{
    CLEANUP_STR struct str name = {0};
    struct wheelname wheel;
    size_t size = packs_place_size(text);
    CLEANUP_FREE char *where = mem_dupn(text, size);
    CLEANUP_FREE char *path = url_is_http(where)           ? NULL
                              : str_starts(where, "file:") ? url_file(where, err)
                                                           : fs_absolute(folder, where);
    if (!url_is_http(where) && !path)
        return NULL;
    CLEANUP_FREE char *url = path ? url_of_path(path) : mem_dup(where);
    if (path && access(path, F_OK) < 0) {
        err_set(err, ERR_USAGE, _("no file '%s'"), path);
        return NULL;
    }
    if (url_add_name(&name, url) < 0 ||
        wheelname_parse(&packs->arena, piece_of(name.text), &wheel, err) < 0)
        return NULL;
    CLEANUP_FREE char *words =
        mem_print("%.*s%s", (int)wheel.written.size, wheel.written.text, text + size);
    struct require *require = require_parse(&packs->arena, piece_of(words), err);
    if (require)
        require->url = arena_dup(&packs->arena, url);
    return require;
}

// Adds what a word asks for: a requirement, a wheel, or a source, which is built later.
static int read_one(struct packs *packs, const char *text, const char *folder,
                    struct packs_list *list, struct require **ret, struct err *err)
{
    *ret = NULL;
    if (packs_is_place(text) && packs_is_source(text))
        return packs_add_source(packs, text, folder, 0, err);
    *ret = packs_is_place(text) ? read_wheel(packs, text, folder, err)
                                : require_parse(&packs->arena, piece_of(text), err);
    if (!*ret)
        return packs_is_place(text) || !err
                   ? -1
                   : err_hint(err, "try", "'numpy>=1.26,<3'   'scipy==1.14.*'   ./FILE.whl");
    packs_list_add(list, *ret);
    return 0;
}

int packs_read_file(void *context, const char *path, struct str *into, struct err *err)
{
    const struct cli *cli = context;
    if (url_is(path))
        return err_set(err, ERR_USAGE, _("'%s' is a URL: only files are read here"), path);
    CLEANUP_FREE char *whole = fs_absolute(cli->cwd, path);
    if (fs_read(AT_FDCWD, whole, FILE_MAX, into, err) == 0)
        return 0;
    return access(whole, R_OK) < 0
               ? err_errno(err, ERR_USAGE, errno, _("cannot read '%s'"), path)
               : -1;
}

static int parse_file(const struct cli *cli, struct arena *arena, const char *path,
                      int constraint, struct reqfile *ret, struct err *err)
{
    struct cli *context = (struct cli *)(uintptr_t)cli; // read only, as read_file has it
    const struct reqfile_source source = {packs_read_file, context, &cli->vars};
    return reqfile_parse(arena, path, constraint, &source, ret, err);
}

// A path in a file is relative to that file, as pip takes find-links.
static void add_find_links(struct packs *packs, const struct reqfile_line *line,
                           const char *value)
{
    CLEANUP_FREE char *folder = fs_folder(line->file);
    CLEANUP_FREE char *base = fs_absolute(packs->cli->cwd, folder);
    CLEANUP_FREE char *path = url_is(value) ? mem_dup(value) : fs_absolute(base, value);
    strv_add(&packs->find_links, access(path, F_OK) == 0 || url_is(value) ? path : value);
}

static void take_setting(struct packs *packs, const struct reqfile_line *line,
                         const struct reqfile_setting *setting)
{
    const char *value = setting->value;
    switch (setting->option) {
    case REQFILE_INDEX_URL: packs->index_url = value; break;
    case REQFILE_EXTRA_INDEX_URL: strv_add(&packs->extra_index, value); break;
    case REQFILE_NO_INDEX: packs->no_index = 1; break;
    case REQFILE_FIND_LINKS: add_find_links(packs, line, value); break;
    case REQFILE_NO_BINARY: pick_add(&packs->formats, 0, value); break;
    case REQFILE_ONLY_BINARY: pick_add(&packs->formats, 1, value); break;
    case REQFILE_PRE: packs->pre = 1; break;
    case REQFILE_REQUIRE_HASHES: packs->require_hashes = 1; break;
    case REQFILE_NO_REQUIRE_HASHES: packs->require_hashes = 0; break;
    default: break;
    }
}

static int take_line(struct packs *packs, const struct reqfile_line *line,
                     struct packs_list *list, struct err *err)
{
    for (size_t i = 0; i < line->setting_count; i++)
        take_setting(packs, line, &line->setting[i]);
    if (line->kind == REQFILE_LINE_SETTINGS)
        return 0;
    CLEANUP_FREE char *folder = fs_folder(line->file);
    CLEANUP_FREE char *base = fs_absolute(packs->cli->cwd, folder);
    struct require *require = NULL;
    int status = line->kind == REQFILE_LINE_EDITABLE
                     ? packs_add_source(packs, line->text, base, 1, err)
                     : read_one(packs, line->text, base,
                                line->constraint ? &packs->constraints : list, &require, err);
    if (status < 0)
        return err_wrap(err, "%s:%zu", line->file, line->number);
    int counts =
        require && (!require->marker ||
                    marker_evaluate(require->marker, &packs->profile.markers, NULL) == 1);
    for (size_t i = 0; counts && i < line->setting_count; i++)
        if (line->setting[i].option == REQFILE_HASH)
            packs_hashes_add(packs, require->normal, line->setting[i].value);
    return 0;
}

static int add_part(struct packs *packs, const char *path, enum pyproject_part part,
                    const char *name, struct err *err)
{
    struct pyproject project;
    CLEANUP_STR struct str text = {0};
    struct cli *context = (struct cli *)(uintptr_t)packs->cli;
    if (packs_read_file(context, path, &text, err) < 0)
        return -1;
    if (pyproject_parse(&packs->arena, (struct piece){str_text(&text), text.size}, part, name,
                        &project, err) < 0)
        return err_wrap(err, "%s", path);
    for (size_t i = 0; i < project.count; i++)
        packs_list_add(&packs->wanted, project.require[i]);
    return 0;
}

// --group [PATH:]NAME.
static int read_group(struct packs *packs, const char *word, struct err *err)
{
    const char *colon = strrchr(word, ':');
    CLEANUP_FREE char *path =
        colon ? mem_dupn(word, (size_t)(colon - word)) : mem_dup("pyproject.toml");
    return add_part(packs, path, PYPROJECT_GROUP, colon ? colon + 1 : word, err);
}

int packs_refuse_lock(const char *path, struct err *err)
{
    err_set(err, ERR_USAGE, _("'%s' is not named as a lock"), path);
    return err_hint(err, "try", "lopin.lock, pylock.toml, pylock.NAME.toml");
}

static int read_requirements(struct packs *packs, const char *path, int constraint,
                             struct packs_list *list, struct err *err)
{
    struct reqfile file;
    if (!constraint && lock_is_name(fs_base(path)))
        return packs_read_lock(packs, path, err);
    if (!constraint && strcmp(fs_base(path), "pyproject.toml") == 0)
        return add_part(packs, path, PYPROJECT_DEPENDENCIES, NULL, err);
    if (parse_file(packs->cli, &packs->arena, path, constraint, &file, err) < 0)
        return -1;
    if (file.count && str_starts(file.line[0].text, "lock-version"))
        return packs_refuse_lock(path, err);
    for (size_t i = 0; i < file.count; i++)
        if (take_line(packs, &file.line[i], list, err) < 0)
            return -1;
    return 0;
}

int packs_read_list(struct packs *packs, const struct strv *words, struct err *err)
{
    for (size_t i = 0; words && i < words->count; i++) {
        struct require *require;
        if (read_one(packs, words->item[i], packs->cli->cwd, &packs->wanted, &require, err) < 0)
            return -1;
    }
    return 0;
}

static int read_constraints(struct packs *packs, const struct strv *files, struct err *err)
{
    for (size_t i = 0; i < files->count; i++)
        if (read_requirements(packs, files->item[i], 1, &packs->constraints, err) < 0)
            return -1;
    return 0;
}

int packs_read_words(struct packs *packs, const struct strv *words, struct err *err)
{
    const struct pack_options *options = &packs->cli->options.pack;
    CLEANUP_STRV struct strv constraints = {0};
    pipconf_list(&packs->pip, "constraint", &constraints);
    if (read_constraints(packs, &constraints, err) < 0)
        return err ? err_hint(err, "found", _("pip's configuration has it as 'constraint'"))
                   : -1;
    packs->site_constraints = packs->constraints.count;
    if (packs_read_list(packs, words, err) < 0 ||
        packs_read_list(packs, &options->with, err) < 0)
        return -1;
    for (size_t i = 0; i < options->editables.count; i++)
        if (packs_add_source(packs, options->editables.item[i], packs->cli->cwd, 1, err) < 0)
            return -1;
    for (size_t i = 0; i < options->requirements.count; i++)
        if (read_requirements(packs, options->requirements.item[i], 0, &packs->wanted, err) < 0)
            return -1;
    for (size_t i = 0; i < options->groups.count; i++)
        if (read_group(packs, options->groups.item[i], err) < 0)
            return -1;
    if (read_constraints(packs, &options->constraints, err) < 0)
        return -1;
    for (size_t i = 0; i < options->overrides.count; i++)
        if (read_requirements(packs, options->overrides.item[i], 0, &packs->overrides, err) < 0)
            return -1;
    return 0;
}

int packs_read_names(const struct cli *cli, struct arena *arena, struct packs_list *ret,
                     struct err *err)
{
    const struct strv *files = &cli->options.pack.requirements;
    struct reqfile file;
    for (size_t i = 0; i < cli->words.count; i++) {
        struct require *require = require_parse(arena, piece_of(cli->words.item[i]), err);
        if (!require)
            return -1;
        packs_list_add(ret, require);
    }
    for (size_t i = 0; i < files->count; i++) {
        if (parse_file(cli, arena, files->item[i], 0, &file, err) < 0)
            return -1;
        for (size_t l = 0; l < file.count; l++) {
            struct require *require =
                file.line[l].kind == REQFILE_LINE_REQUIREMENT && !file.line[l].constraint
                    ? require_parse(arena, piece_of(file.line[l].text), NULL)
                    : NULL;
            if (require)
                packs_list_add(ret, require);
        }
    }
    return 0;
}
