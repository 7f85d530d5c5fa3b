// SPDX-License-Identifier: Apache-2.0
// source_build: the files of a project, from best to worst, and the versions that they give.
#include <stdlib.h>
#include <string.h>

#include "source/source_parts.h"
#include "source/url.h"
#include "wheel/name.h"

struct builder {
    struct source *source;
    const char *normal;
    struct source_file **file;
    size_t count, room;
};

int source_read_name(struct source *source, struct source_file *file)
{
    struct arena *arena = &source->arena;
    struct piece name = piece_of(file->name);
    CLEANUP_STR struct str text = {0};
    struct sdistname archive;
    file->is_wheel = str_ends(file->name, ".whl");
    if (file->is_wheel) {
        if (wheelname_parse(arena, name, &file->wheel, NULL) < 0)
            return -1;
        file->version = file->wheel.version;
    } else {
        if (sdistname_parse(arena, name, &archive, NULL) < 0)
            return -1;
        file->version = archive.version;
        file->wheel.normal = archive.normal;
    }
    version_add(&text, file->version, VERSION_WHOLE);
    file->version_text = arena_dup(arena, str_text(&text));
    return 0;
}

static int python_fits(struct source *source, const char *requires)
{
    struct specifiers set;
    // What cannot be read does not keep a wheel away, as for pip.
    if (!requires || !source->python ||
        specifiers_parse(&source->arena, piece_of(requires), &set, NULL) < 0)
        return 1;
    const struct candidate python = {piece_of(source->ask.python), source->python};
    return specifiers_contain(&set, &python, PRERELEASES_YES);
}

void source_judge(struct source *source, const char *normal, struct source_file *file)
{
    const struct tags *tags = source->ask.tags;
    file->refused = SOURCE_FITS;
    file->rank = file->is_wheel && tags ? tag_set_rank(&file->wheel.tags, tags) : 0;
    if (file->rank < 0)
        file->refused = SOURCE_NO_TAG;
    else if (!python_fits(source, file->requires_python))
        file->refused = SOURCE_PYTHON;
    else if (!file->is_wheel)
        file->refused =
            pick_which(&source->formats, normal) == 1 ? SOURCE_ONLY_BINARY : SOURCE_ARCHIVE;
    else if (pick_which(&source->formats, normal) == 0)
        file->refused = SOURCE_NO_BINARY;
}

// Takes it if its name says that it is of the project.
static void add_file(struct builder *builder, const struct source_file *given)
{
    struct source_file *file = arena_alloc(&builder->source->arena, sizeof *file);
    *file = *given;
    if (source_read_name(builder->source, file) < 0 ||
        !piece_is(file->wheel.normal, builder->normal))
        return;
    source_judge(builder->source, builder->normal, file);
    mem_room(&builder->file, &builder->room, builder->count + 1, sizeof *builder->file);
    builder->file[builder->count++] = file;
}

static void add_house(struct builder *builder, const struct place *place)
{
    const struct house_file *found;
    size_t count = house_find(&place->house, builder->normal, &found);
    for (size_t i = 0; i < count; i++) {
        CLEANUP_FREE char *path = mem_print("%s/%s", place->where, found[i].name);
        struct source_file file = {
            .name = found[i].name,
            .url = arena_dup(&builder->source->arena, path),
            .label = place->label,
            .size = -1,
            .local = 1,
            .place = (unsigned)(place - builder->source->place),
        };
        add_file(builder, &file);
    }
}

static void add_page(struct builder *builder, const struct place *place,
                     const struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct page_link *link = &page->link[i];
        struct source_file file = {
            .name = link->name,
            .url = link->url,
            .label = place->label,
            .sha256 = link->sha256,
            .digest = link->digest,
            .metadata_sha256 = link->metadata_sha256,
            .has_metadata = link->has_metadata,
            .requires_python = link->requires_python,
            .yanked = link->yanked,
            .size = link->size,
            .place = (unsigned)(place - builder->source->place),
        };
        CLEANUP_FREE char *path = url_is_http(file.url) ? NULL : url_file(file.url, NULL);
        if (path) {
            file.local = 1;
            file.url = arena_dup(&builder->source->arena, path);
        }
        add_file(builder, &file);
    }
}

// Newest first; of a version those that fit first, then what is not yanked, the best tag, the highest
// build, the earliest place.
static int compare_files(const void *one, const void *two)
{
    const struct source_file *a = *(struct source_file *const *)one;
    const struct source_file *b = *(struct source_file *const *)two;
    int order = version_compare(b->version, a->version, VERSION_WHOLE);
    if (!order)
        order = (a->refused != SOURCE_FITS) - (b->refused != SOURCE_FITS);
    if (!order)
        order = (a->yanked != NULL) - (b->yanked != NULL);
    if (!order && a->rank != b->rank)
        order = a->rank < b->rank ? -1 : 1;
    if (!order && a->is_wheel && b->is_wheel)
        order = wheelname_compare_build(&b->wheel, &a->wheel);
    if (!order && a->place != b->place)
        order = a->place < b->place ? -1 : 1;
    return order ? order : strcmp(a->name, b->name);
}

static void cut_versions(struct source *source, struct source_project *project)
{
    struct source_file **file = project->file;
    project->item =
        arena_alloc(&source->arena, (project->file_count + 1) * sizeof *project->item);
    for (size_t i = 0, end; i < project->file_count; i = end) {
        size_t fits = i;
        for (end = i + 1; end < project->file_count; end++)
            if (version_compare(file[i]->version, file[end]->version, VERSION_WHOLE) != 0)
                break;
        while (fits < end && file[fits]->refused == SOURCE_FITS)
            fits++;
        if (fits > i)
            project->item[project->count++] = (struct source_version){
                file[i]->version, file[i]->version_text, file[i], file + i, fits - i};
    }
}

static void add_places(struct builder *builder)
{
    for (size_t i = 0; i < builder->source->count; i++) {
        const struct place *place = &builder->source->place[i];
        if (place->kind == SOURCE_HOUSE)
            add_house(builder, place);
        else if (place->kind == SOURCE_LINKS)
            add_page(builder, place, &place->page);
    }
}

static int has_fit(const struct builder *builder)
{
    for (size_t i = 0; i < builder->count; i++)
        if (builder->file[i]->refused == SOURCE_FITS)
            return 1;
    return 0;
}

int source_house_fits(struct source *source, const char *normal)
{
    struct builder builder = {.source = source, .normal = normal};
    for (size_t i = 0; i < source->count; i++)
        if (source->place[i].kind == SOURCE_HOUSE)
            add_house(&builder, &source->place[i]);
    int fits = has_fit(&builder);
    free(builder.file);
    return fits;
}

void source_build(struct source *source, struct entry *entry)
{
    struct source_project *project = &entry->project;
    struct builder builder = {.source = source, .normal = project->normal};
    for (size_t i = 0; i < entry->part_count; i++)
        add_page(&builder, entry->part[i].place, &entry->part[i].page);
    if (source->ask.index != SOURCE_INDEX_FIRST || !has_fit(&builder))
        add_places(&builder);
    if (builder.count)
        qsort(builder.file, builder.count, sizeof *builder.file, compare_files);
    project->file_count = builder.count;
    project->file = arena_alloc(&source->arena, (builder.count + 1) * sizeof *project->file);
    for (size_t i = 0; i < builder.count; i++)
        project->file[i] = builder.file[i];
    free(builder.file);
    cut_versions(source, project);
}

static int compare_names(const void *one, const void *two)
{
    return strcmp(*(const char *const *)one, *(const char *const *)two);
}

void source_names(struct source *source, const char ***ret, size_t *ret_count)
{
    const char **names = NULL;
    size_t count = 0, room = 0, kept = 0;
    for (size_t i = 0; i < source->count; i++) {
        struct place *place = &source->place[i];
        const char *last = NULL;
        for (size_t k = 0; k < place->house.count; k++) {
            const char *name = place->house.file[k].normal;
            if (last && strcmp(last, name) == 0)
                continue;
            mem_room(&names, &room, count + 1, sizeof *names);
            names[count++] = last = name;
        }
        if (place->kind != SOURCE_LINKS || source_load_links(source, place) < 0)
            continue;
        for (size_t k = 0; k < place->page.count; k++) {
            struct source_file file = {.name = place->page.link[k].name};
            if (source_read_name(source, &file) < 0)
                continue;
            mem_room(&names, &room, count + 1, sizeof *names);
            names[count++] =
                arena_dupn(&source->arena, file.wheel.normal.text, file.wheel.normal.size);
        }
    }
    if (count)
        qsort(names, count, sizeof *names, compare_names);
    *ret = arena_alloc(&source->arena, (count + 1) * sizeof **ret);
    for (size_t i = 0; i < count; i++)
        if (!kept || strcmp((*ret)[kept - 1], names[i]) != 0)
            (*ret)[kept++] = names[i];
    *ret_count = kept;
    free(names);
}
