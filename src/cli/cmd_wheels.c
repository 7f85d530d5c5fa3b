// SPDX-License-Identifier: Apache-2.0
// cmd_wheels: which wheels there are, as the Alliance's avail_wheels shows them.
//
// Wheelhouses are listed; an index is asked only where there are none, or where --index-url names
// one, and only for whole names.
#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/packs_tell.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "cli/wheels.h"
#include "source/arch.h"
#include "source/source.h"

struct search {
    const struct cli *cli;
    struct arena arena;
    struct pipconf pip;
    struct wheels_names names;
    struct wheels_pythons pythons;
    struct strv archs;
    struct source **source; // one a Python
    size_t sources;
    struct wheels_rows rows;
    struct packs progress; // no packages: its line on the terminal
    size_t unfound;
};

static void free_search(struct search *search)
{
    for (size_t i = 0; i < search->sources; i++)
        source_free(search->source[i]);
    free(search->source);
    wheels_pythons_free(&search->pythons);
    pipconf_free(&search->pip);
    strv_free(&search->archs);
    free(search->rows.item);
    arena_free(&search->arena);
    arena_free(&search->progress.arena);
}

// Folders of other levels beside those that are listed: --all-archs and --arch are for all of them.
static void add_siblings(const struct source *source, struct strv *into)
{
    for (size_t i = 0; i < source_places(source); i++) {
        const char *where, *label;
        struct dirent *entry;
        if (source_place(source, i, &where, &label) != SOURCE_HOUSE || arch_level(label) < 0)
            continue;
        strv_add(into, where);
        CLEANUP_FREE char *above = fs_folder(where);
        DIR *stream = opendir(above);
        while (stream && (entry = readdir(stream))) {
            CLEANUP_FREE char *path = mem_print("%s/%s", above, entry->d_name);
            int known = !arch_label(entry->d_name);
            for (size_t k = 0; k < into->count && !known; k++)
                known = strcmp(into->item[k], path) == 0;
            if (!known)
                strv_add(into, path);
        }
        if (stream)
            closedir(stream);
    }
}

static struct source *open_source(struct search *search, struct source_ask *ask,
                                  struct err *err)
{
    const struct pack_options *options = &search->cli->options.pack;
    ask->no_index = !options->index_url && !options->extra_index.count;
    struct source *source = source_new(ask, err);
    if (source && !source_places(source) && !options->no_index) {
        source_free(source);
        ask->no_index = 0;
        source = source_new(ask, err);
    }
    if (!source || (!options->all_archs && !options->arch))
        return source;
    CLEANUP_STRV struct strv links = {0};
    add_siblings(source, &links);
    strv_add_all(&links, &options->find_links);
    if (!links.count)
        return source;
    source_free(source);
    ask->find_links = &links;
    ask->must_links = 0; // it has been looked for
    source = source_new(ask, err);
    ask->find_links = &options->find_links;
    return source;
}

static int open_all(struct search *search, const char *cache, struct err *err)
{
    const struct cli *cli = search->cli;
    const struct pack_options *options = &cli->options.pack;
    size_t count = search->pythons.count ? search->pythons.count : 1;
    search->source = mem_zero(count, sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        const struct wheels_python *python =
            search->pythons.count ? &search->pythons.item[i] : NULL;
        struct source_ask ask = {
            .pip = &search->pip,
            .find_links = &options->find_links,
            .must_links = options->find_links.count - options->site_links,
            .extra_index_urls = &options->extra_index,
            .index_url = options->index_url,
            .offline = options->offline,
            .vars = &cli->vars,
            .cwd = cli->cwd,
            .cache = cache,
            .tags = python ? &python->profile.tags : NULL,
            .python = python ? python->version : NULL,
            .watch = packs_tell_net(&search->progress),
        };
        search->source[i] = open_source(search, &ask, err);
        if (!search->source[i])
            return -1;
        search->sources++;
    }
    return 0;
}

static void add_row(struct search *search, const char *name, const struct source_file *file)
{
    struct wheels_rows *rows = &search->rows;
    mem_room(&rows->item, &rows->room, rows->count + 1, sizeof *rows->item);
    rows->item[rows->count++] = (struct wheels_row){name, file};
}

static int is_listed(const struct strv *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i], text) == 0)
            return 1;
    return 0;
}

// What tells rows of one project apart: one of each is shown, the first, which is the best.
static char *key_of(const struct search *search, const struct source_file *file)
{
    const struct pack_options *options = &search->cli->options.pack;
    struct str key = {0};
    if (options->all_versions)
        str_print(&key, "%s|", file->version_text);
    if (options->all_pythons || options->all_versions)
        for (size_t i = 0; i < file->wheel.tags.count[0]; i++)
            str_print(&key, "%.*s.", (int)file->wheel.tags.part[0][i].size,
                      file->wheel.tags.part[0][i].text);
    if (options->all_archs || options->arch)
        str_print(&key, "|%s", file->label);
    return str_take(&key);
}

static int version_fits(const struct wheels_name *name, const struct source_version *item)
{
    const struct candidate candidate = {piece_of(item->text), item->version};
    return !name || specifiers_contain(&name->specifiers, &candidate, PRERELEASES_YES);
}

// Pre-releases count as for pip: where no final release fits; all of them with --all-versions.
static unsigned char *choose(const struct search *search, const struct source_project *project,
                             const struct wheels_name *name)
{
    static const struct specifiers all;
    struct candidate *candidates = mem_zero(project->count, sizeof *candidates);
    unsigned char *keep = mem_zero(project->count, 1);
    for (size_t i = 0; i < project->count; i++)
        candidates[i] =
            (struct candidate){piece_of(project->item[i].text), project->item[i].version};
    specifiers_filter(
        name ? &name->specifiers : &all, candidates, project->count,
        search->cli->options.pack.all_versions ? PRERELEASES_YES : PRERELEASES_AUTO, keep);
    free(candidates);
    return keep;
}

static size_t add_project(struct search *search, const struct source_project *project,
                          const struct wheels_name *name)
{
    CLEANUP_STRV struct strv seen = {0};
    CLEANUP_FREE unsigned char *keep = choose(search, project, name);
    size_t before = search->rows.count;
    for (size_t i = 0; i < project->count; i++) {
        const struct source_version *item = &project->item[i];
        for (size_t k = 0; keep[i] && version_fits(name, item) && k < item->also_count; k++) {
            const struct source_file *file = item->also[k];
            if ((search->archs.count && !is_listed(&search->archs, file->label)) ||
                (file->yanked && !search->cli->options.pack.all_versions))
                continue;
            CLEANUP_FREE char *key = key_of(search, file);
            if (is_listed(&seen, key))
                continue;
            strv_add(&seen, key);
            add_row(search, project->normal, file);
        }
    }
    return search->rows.count - before;
}

static int show_one(struct search *search, struct source *source, const char *normal,
                    struct wheels_name *name, struct err *err)
{
    const struct source_project *project = source_project(source, normal, err);
    if (!project)
        return -1;
    size_t count = add_project(search, project, name);
    if (name)
        name->found |= count > 0;
    return 0;
}

static int show_pattern(struct search *search, struct source *source, struct wheels_name *name,
                        struct err *err)
{
    const char **names;
    size_t count;
    if (source_read_houses(source, err) < 0)
        return -1;
    source_names(source, &names, &count);
    for (size_t i = 0; i < count; i++)
        if ((!name || fnmatch(name->pattern, names[i], 0) == 0) &&
            show_one(search, source, names[i], name, err) < 0)
            return -1;
    return 0;
}

static void prefetch(struct search *search, struct source *source)
{
    const char **names = mem_zero(search->names.count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < search->names.count; i++)
        if (!search->names.item[i].is_pattern)
            names[count++] = search->names.item[i].pattern;
    source_prefetch(source, names, count);
    free(names);
}

static int show_all(struct search *search, struct source *source, struct err *err)
{
    struct wheels_names *names = &search->names;
    prefetch(search, source);
    if (!names->count)
        return show_pattern(search, source, NULL, err);
    for (size_t i = 0; i < names->count; i++) {
        struct wheels_name *name = &names->item[i];
        int result = name->is_pattern ? show_pattern(search, source, name, err)
                                      : show_one(search, source, name->pattern, name, err);
        if (result < 0)
            return -1;
    }
    return 0;
}

// An index cannot say what it has: only whole names can be asked for.
static int check_places(const struct search *search, struct err *err)
{
    const struct source *source = search->source[0];
    int listed = 0, whole = search->names.count > 0;
    for (size_t i = 0; i < source_places(source); i++)
        listed |= source_place(source, i, NULL, NULL) != SOURCE_INDEX;
    for (size_t i = 0; i < search->names.count; i++)
        whole &= !search->names.item[i].is_pattern;
    if (listed || whole)
        return 0;
    err_set(err, ERR_USAGE, _("there is no wheelhouse, and an index lists no names"));
    err_hint(err, "try", "lopin wheels --find-links DIR");
    return err_hint(err, "try", "lopin wheels numpy");
}

static void tell_unfound(struct search *search, const struct wheels_name *name)
{
    CLEANUP_STR struct str words = {0}, shown = {0};
    struct source *source = search->source[0];
    const char *python = search->pythons.count ? search->pythons.item[0].version : NULL;
    str_add_visible(&shown, name->text, strlen(name->text));
    const struct source_project *project =
        name->is_pattern ? NULL : source_project(source, name->pattern, NULL);
    if (project)
        source_describe(source, project, &name->specifiers, &words);
    if (project && python)
        say(search->cli, _("no wheel of %s for Python %s; found: %s"), str_text(&shown), python,
            str_text(&words));
    else
        say(search->cli, _("no wheel of %s"), str_text(&shown));
}

// Nothing was asked for by name, and there is nothing.
static void tell_empty(struct search *search)
{
    CLEANUP_STR struct str places = {0};
    if (!search->sources) {
        say(search->cli, _("what -r names has no requirement for this Python"));
        return;
    }
    struct source *source = search->source[0];
    for (size_t i = 0; i < source_places(source); i++) {
        const char *where, *label;
        source_place(source, i, &where, &label);
        str_print(&places, "%s%s", i ? ", " : "", label);
    }
    say(search->cli, _("no wheel that fits in %s"), str_text(&places));
}

static int finish(struct search *search, struct err *err)
{
    const struct cli *cli = search->cli;
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < search->names.count; i++) {
        const struct wheels_name *name = &search->names.item[i];
        search->unfound += !name->found;
        if (!name->found && cli->options.pack.not_available)
            add_row(search, name->text, NULL);
    }
    if (wheels_table(cli, &search->rows, &text, err) < 0 || say_data(cli, &text, err) < 0)
        return -1;
    for (size_t i = 0; i < search->names.count; i++)
        if (!search->names.item[i].found && !cli->options.pack.not_available)
            tell_unfound(search, &search->names.item[i]);
    if (!search->names.count && !search->rows.count)
        tell_empty(search);
    return search->unfound ? STATUS_FAILED : 0;
}

static int read_configuration(struct search *search, struct err *err)
{
    const struct pipconf_ask ask = {.vars = &search->cli->vars,
                                    .root = "",
                                    .prefix = search->pythons.python.facts.prefix,
                                    .command = "install"};
    return pipconf_read(&ask, &search->pip, err);
}

static int show(struct search *search, const char *cache, struct err *err)
{
    // without names all that there is would be listed
    if (!search->names.count && search->cli->options.pack.requirements.count)
        return finish(search, err);
    if (open_all(search, cache, err) < 0 || check_places(search, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < search->sources && result == 0; i++)
        result = show_all(search, search->source[i], err);
    packs_tell_end(&search->progress);
    return result == 0 ? finish(search, err) : result;
}

int cmd_wheels(struct cli *cli, struct err *err)
{
    struct search search = {.cli = cli, .progress = {.cli = cli}};
    CLEANUP_FREE char *cache = setting_cache(cli);
    int result = -1;
    if (cli->options.pack.arch)
        strv_split(&search.archs, cli->options.pack.arch, ',');
    if (wheels_read_pythons(cli, &search.pythons, err) == 0 &&
        read_configuration(&search, err) == 0 &&
        wheels_read_names(cli, &search.arena, &search.pythons, &search.names, err) == 0)
        result = show(&search, cache, err);
    free_search(&search);
    return result;
}
