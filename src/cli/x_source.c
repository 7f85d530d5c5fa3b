// SPDX-License-Identifier: Apache-2.0
// x_source: what tests ask of the room of sources (cmd_x_wheel.c).
#include <stdlib.h>
#include <string.h>

#include "cli/x_wheel.h"
#include "source/page.h"
#include "source/source.h"
#include "source/url.h"

// Fields from `from` on are variables, as NAME=VALUE.
static void take_vars(const struct x_line *line, size_t from, struct vars *into)
{
    for (size_t i = from; i < line->count; i++) {
        struct piece value = line->field[i], name = piece_cut(&value, '=');
        CLEANUP_FREE char *key = mem_dupn(name.text, name.size);
        if (value.text)
            vars_set(into, key, value.text);
    }
}

static const char *field(const struct x_line *line, size_t i)
{
    return line->field[i].text;
}

static void add_optional(struct x_line *line, const char *text)
{
    x_add_text(line, text ? text : "-");
}

static void add_error(struct x_line *line, const struct err *why)
{
    x_add_text(line, "error");
    x_add_text(line, err_name(why->code));
    x_add_text(line, why->text);
}

// COMMAND ROOT PREFIX NAME=VALUE... -> key and value of each that counts
static int answer_pipconf(struct x_line *line, struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    take_vars(line, 3, &vars);
    const struct pipconf_ask ask = {.vars = &vars,
                                    .root = field(line, 1),
                                    .prefix = *field(line, 2) ? field(line, 2) : NULL,
                                    .command = field(line, 0)};
    struct pipconf conf;
    if (pipconf_read(&ask, &conf, err) < 0)
        return -1;
    x_add_number(line, (long)conf.count);
    for (size_t i = 0; i < conf.count; i++) {
        x_add_text(line, conf.item[i].key);
        x_add_text(line, conf.item[i].value);
    }
    pipconf_free(&conf);
    return 0;
}

// NAME then 0 VALUE or 1 VALUE in pairs -> the list that it is in
static int answer_pick(struct x_line *line, struct err *err)
{
    CLEANUP_PICK struct pick pick = {0};
    (void)err;
    for (size_t i = 1; i + 1 < line->count; i += 2)
        pick_add(&pick, *field(line, i) == '1', field(line, i + 1));
    x_add_number(line, pick_which(&pick, field(line, 0)));
    return 0;
}

// BASE REFERENCE -> the whole URL, the same as it is shown
static int answer_urljoin(struct x_line *line, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    const char *url = url_join(line->arena, field(line, 0), line->field[1]);
    (void)err;
    url_add_shown(&shown, url);
    x_add_text(line, url);
    x_add_text(line, str_text(&shown));
    return 0;
}

// URL TYPE TEXT -> name, url, sha256, metadata, requires-python, yanked of each
static int answer_page(struct x_line *line, struct err *err)
{
    struct page page;
    if (page_parse(line->arena, field(line, 0), field(line, 1), line->field[2], &page, err) < 0)
        return -1;
    x_add_number(line, (long)page.count);
    for (size_t i = 0; i < page.count; i++) {
        const struct page_link *link = &page.link[i];
        x_add_text(line, link->name);
        x_add_text(line, link->url);
        add_optional(line, link->sha256);
        add_optional(line, link->metadata_sha256 ? link->metadata_sha256
                           : link->has_metadata  ? "yes"
                                                 : NULL);
        add_optional(line, link->requires_python);
        add_optional(line, link->yanked);
    }
    return 0;
}

static void add_project(struct x_line *line, const struct source *source,
                        const struct source_project *project)
{
    CLEANUP_STR struct str words = {0};
    CLEANUP_STRV struct strv notes = {0};
    for (size_t i = 0; i < project->count; i++) {
        const struct source_file *file = project->item[i].file;
        x_add_text(line, project->item[i].text);
        x_add_text(line, file->name);
        x_add_text(line, file->label);
        add_optional(line, file->yanked);
    }
    x_add_text(line, "");
    source_describe(source, project, NULL, &words);
    x_add_text(line, str_text(&words));
    if (project->count)
        source_note(source, project, project->item, &notes);
    for (size_t i = 0; i < notes.count; i++)
        x_add_text(line, notes.item[i]);
}

// What the first file of each project is: its metadata, or where it is.
static int answer_first(struct x_line *line, struct source *source, const char *verb,
                        struct source_file **files, size_t count, struct err *why)
{
    if (strcmp(verb, "fetch") == 0 && source_fetch(source, files, count, why) < 0)
        return -1;
    if (strcmp(verb, "metadata") == 0)
        source_prefetch_metadata(source, files, count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(verb, "fetch") == 0) {
            x_add_text(line, files[i]->path);
            continue;
        }
        const struct metadata *metadata = source_metadata(source, files[i], why);
        if (!metadata)
            return -1;
        x_add_number(line, (long)metadata->requires_count);
        for (size_t k = 0; k < metadata->requires_count; k++) {
            CLEANUP_STR struct str text = {0};
            require_add(&text, metadata->requires_dist[k]);
            x_add_text(line, str_text(&text));
        }
    }
    return 0;
}

static int ask_source(struct x_line *line, struct source *source, struct err *why)
{
    CLEANUP_STRV struct strv names = {0};
    strv_split(&names, field(line, 5), ',');
    struct source_file **files = arena_alloc(line->arena, names.count * sizeof *files);
    source_prefetch(source, (const char *const *)names.item, names.count);
    for (size_t i = 0; i < names.count; i++) {
        const struct source_project *project = source_project(source, names.item[i], why);
        if (!project)
            return -1;
        if (strcmp(field(line, 0), "list") == 0)
            add_project(line, source, project);
        else if (!project->count)
            return err_set(why, ERR_NO_WHEEL, "%s", names.item[i]);
        else
            files[i] = project->item[0].file;
    }
    if (strcmp(field(line, 0), "list") == 0)
        return 0;
    return answer_first(line, source, field(line, 0), files, names.count, why);
}

// list|metadata|fetch CACHE PYTHON TAG,TAG,... OFFLINE NAME,NAME... VARIABLE=VALUE... ->
// list: version, file, label, yanked of each; %, what there is, notes. metadata: requirements of the
// newest; fetch: its path. Or: error, its name, its text.
static int answer_source(struct x_line *line, struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_STRV struct strv list = {0};
    struct tags tags = {0};
    struct err why = {0};
    struct pipconf pip;
    take_vars(line, 6, &vars);
    const struct pipconf_ask ask = {.vars = &vars, .root = "/nowhere", .command = "install"};
    strv_split(&list, field(line, 3), ',');
    tags.item = (const char **)list.item;
    tags.count = list.count;
    for (size_t i = 0; i < list.count; i++)
        *table_put(&tags.rank, list.item[i], NULL) = i + 1;
    if (pipconf_read(&ask, &pip, err) < 0)
        return -1;
    const struct source_ask source_ask = {
        .pip = &pip,
        .offline = *field(line, 4) == '1',
        .vars = &vars,
        .cwd = "/",
        .cache = *field(line, 1) ? field(line, 1) : NULL,
        .tags = *field(line, 3) ? &tags : NULL,
        .python = *field(line, 2) ? field(line, 2) : NULL,
    };
    struct source *source = source_new(&source_ask, &why);
    size_t from = line->out->size;
    if (!source || ask_source(line, source, &why) < 0) {
        line->out->size = from;
        add_error(line, &why);
    }
    source_free(source);
    pipconf_free(&pip);
    table_free(&tags.rank);
    return 0;
}

const struct x_verb x_source_verbs[] = {
    {"pipconf", 3, answer_pipconf}, {"pick", 1, answer_pick},
    {"urljoin", 2, answer_urljoin}, {"page", 3, answer_page},
    {"source", 6, answer_source},   {0},
};
