// SPDX-License-Identifier: Apache-2.0
// source: which places there are, and what each project has in them.
#include "source/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lang.h"
#include "source/arch.h"
#include "source/source_parts.h"
#include "source/url.h"
#include "wheel/name.h"

static const char default_index[] = "https://pypi.org/simple";
static const char accept_pages[] = "application/vnd.pypi.simple.v1+json, "
                                   "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
enum { MOST_PAGE = 1 << 28 };

static struct place *add_place(struct source *source, enum source_kind kind, const char *where)
{
    mem_room(&source->place, &source->room, source->count + 1, sizeof *source->place);
    struct place *place = &source->place[source->count++];
    struct url url;
    CLEANUP_FREE char *plain = url_is(where) ? url_plain(where) : NULL;
    *place = (struct place){.kind = kind, .where = arena_dup(&source->arena, where)};
    place->label = arch_label(where);
    if (!place->label)
        place->label = plain ? arena_dup(&source->arena, plain) : place->where;
    url_cut(piece_of(where), &url);
    if (url.user.text)
        strv_add(&source->logins, where);
    return place;
}

// "~" and "~/..." are the caller's home; else relative to the current folder.
static char *path_of(const struct source *source, const char *word)
{
    const char *home = vars_get(source->ask.vars, "HOME");
    if (*word == '~' && (word[1] == '/' || !word[1]) && home) {
        CLEANUP_FREE char *whole = mem_print("%s%s", home, word + 1);
        return fs_absolute(source->ask.cwd, whole);
    }
    return fs_absolute(source->ask.cwd, word);
}

// What is not there is passed over, as pip does: sites list folders of levels that they do not all have.
static int add_links(struct source *source, const char *word, int must, struct err *err)
{
    struct stat st;
    CLEANUP_FREE char *path = NULL;
    if (!url_is(word))
        path = path_of(source, word);
    else if (url_is_http(word))
        return add_place(source, SOURCE_LINKS, word), 0;
    else if (!(path = url_file(word, err)))
        return -1;
    if (stat(path, &st) < 0) // pip passes over it too, with a warning
        return must ? err_errno(err, ERR_USAGE, errno, _("no wheelhouse '%s'"), word) : 0;
    if (S_ISDIR(st.st_mode)) {
        add_place(source, SOURCE_HOUSE, path)->st = st;
        return 0;
    }
    CLEANUP_FREE char *url = url_of_path(path);
    add_place(source, SOURCE_LINKS, url);
    return 0;
}

static int add_index(struct source *source, const char *word)
{
    CLEANUP_FREE char *path = url_is(word) ? NULL : path_of(source, word);
    CLEANUP_FREE char *url = path ? url_of_path(path) : mem_dup(word);
    CLEANUP_FREE char *whole = mem_print("%s%s", url, str_ends(url, "/") ? "" : "/");
    add_place(source, SOURCE_INDEX, whole);
    return 0;
}

static int add_places(struct source *source, struct err *err)
{
    const struct source_ask *ask = &source->ask;
    CLEANUP_STRV struct strv links = {0}, extra = {0};
    int no_index = 0;
    if (ask->pip && pipconf_flag(ask->pip, "no-index", &no_index, err) < 0)
        return -1;
    for (size_t i = 0; ask->find_links && i < ask->find_links->count; i++)
        strv_add(&links, ask->find_links->item[i]);
    for (size_t i = 0; ask->extra_index_urls && i < ask->extra_index_urls->count; i++)
        strv_add(&extra, ask->extra_index_urls->item[i]);
    if (ask->pip) {
        pipconf_list(ask->pip, "find-links", &links);
        pipconf_list(ask->pip, "extra-index-url", &extra);
    }
    for (size_t i = 0; i < links.count; i++)
        if (add_links(source, links.item[i], i < ask->must_links, err) < 0)
            return -1;
    if (no_index || ask->no_index)
        return 0;
    const char *index = ask->index_url;
    if (!index && ask->pip)
        index = pipconf_get(ask->pip, "index-url", "pypi-url");
    add_index(source, index ? index : default_index);
    for (size_t i = 0; i < extra.count; i++)
        add_index(source, extra.item[i]);
    return 0;
}

static int set_net(struct source *source, struct err *err)
{
    const struct pipconf *pip = source->ask.pip;
    struct net_ask *ask = &source->net_ask;
    *ask = (struct net_ask){.vars = source->ask.vars,
                            .trusted = &source->trusted,
                            .logins = &source->logins,
                            .timeout = 15,
                            .retries = 5};
    if (!pip)
        return 0;
    ask->proxy = pipconf_get(pip, "proxy", NULL);
    ask->cert = pipconf_get(pip, "cert", NULL);
    ask->client_cert = pipconf_get(pip, "client-cert", NULL);
    pipconf_list(pip, "trusted-host", &source->trusted);
    if (pipconf_number(pip, "timeout", "default-timeout", &ask->timeout, err) < 0 ||
        pipconf_number(pip, "retries", NULL, &ask->retries, err) < 0 ||
        pipconf_flag(pip, "no-proxy-env", &ask->no_proxy_env, err) < 0)
        return -1;
    return 0;
}

struct source *source_new(const struct source_ask *ask, struct err *err)
{
    struct source *source = mem_zero(1, sizeof *source);
    source->ask = *ask;
    if (ask->formats) {
        for (int which = 0; which < 2; which++)
            for (size_t i = 0; i < ask->formats->list[which].count; i++)
                pick_add(&source->formats, which, ask->formats->list[which].item[i]);
    } else if (ask->pip) {
        pipconf_pick(ask->pip, "no-binary", "only-binary", &source->formats);
    }
    if (ask->python)
        source->python = version_parse(&source->arena, piece_of(ask->python), NULL);
    if (set_net(source, err) == 0 && add_places(source, err) == 0)
        return source;
    source_free(source);
    return NULL;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < source->count; i++) {
        house_free(&source->place[i].house);
        table_free(&source->place[i].seen);
    }
    for (size_t i = 0; i < source->entry_count; i++) {
        free(source->entry[i]->part);
        free(source->entry[i]);
    }
    free(source->entry);
    free(source->place);
    table_free(&source->names);
    net_free(source->net);
    strv_free(&source->logins);
    strv_free(&source->trusted);
    pick_free(&source->formats);
    arena_free(&source->arena);
    free(source);
}

struct entry *source_entry(struct source *source, const char *normal)
{
    uint64_t *known = table_get(&source->names, normal);
    if (known)
        return source->entry[*known - 1];
    struct entry *entry = mem_zero(1, sizeof *entry);
    entry->project.normal = arena_dup(&source->arena, normal);
    entry->part = mem_zero(source->count, sizeof *entry->part);
    for (size_t i = 0; i < source->count; i++)
        if (source->place[i].kind == SOURCE_INDEX)
            entry->part[entry->part_count++].place = &source->place[i];
    mem_room(&source->entry, &source->entry_room, source->entry_count + 1,
             sizeof *source->entry);
    source->entry[source->entry_count++] = entry;
    *table_put(&source->names, entry->project.normal, NULL) = source->entry_count;
    return entry;
}

// Reads a page that was got. Returns 0, or -1 with err.
static int read_page(struct source *source, struct want *want, struct page *ret,
                     struct err *err)
{
    // The page's links point into the arena; the text is not needed after it is read.
    struct piece text = {str_text(&want->got.body), want->got.body.size};
    return page_parse(&source->arena, want->got.from, want->got.type, text, ret, err);
}

static void take_part(struct source *source, struct part *part, struct want *want)
{
    part->loaded = 1;
    part->missing = want->missing;
    part->offline = want->offline;
    part->err = want->err;
    if (!part->missing && !part->offline && !part->err.code)
        read_page(source, want, &part->page, &part->err);
    cached_free(&want->got);
}

// An index is not asked for what a wheelhouse has. A wheelhouse that cannot be read is told by
// source_project.
static int skips_index(struct source *source, const char *normal)
{
    return source->ask.index == SOURCE_INDEX_FALLBACK &&
           source_read_houses(source, NULL) == 0 && source_house_fits(source, normal);
}

void source_prefetch(struct source *source, const char *const *names, size_t count)
{
    struct part **parts = NULL;
    struct want *wants = NULL;
    size_t parts_room = 0, wants_room = 0, used = 0;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = source_entry(source, names[i]);
        size_t asked = skips_index(source, names[i]) ? 0 : entry->part_count;
        for (size_t k = 0; k < asked; k++) {
            struct part *part = &entry->part[k];
            if (part->loaded)
                continue;
            part->loaded = 1;
            mem_room(&parts, &parts_room, used + 1, sizeof *parts);
            mem_room(&wants, &wants_room, used + 1, sizeof *wants);
            CLEANUP_FREE char *url = mem_print("%s%s/", part->place->where, names[i]);
            parts[used] = part;
            wants[used++] = (struct want){.url = arena_dup(&source->arena, url),
                                          .accept = accept_pages,
                                          .most = MOST_PAGE};
        }
    }
    source_get(source, wants, used);
    for (size_t i = 0; i < used; i++)
        take_part(source, parts[i], &wants[i]);
    free(parts);
    free(wants);
}

// A page of links, or one file. Its names are then known.
int source_load_links(struct source *source, struct place *place)
{
    if (place->loaded)
        return place->err.code ? -1 : 0;
    place->loaded = 1;
    struct want want = {.url = place->where, .accept = "text/html", .most = MOST_PAGE};
    if (str_ends(place->where, ".whl") || str_ends(place->where, ".tar.gz") ||
        str_ends(place->where, ".zip")) {
        CLEANUP_FREE char *text = mem_print("<a href=\"%s\">", place->where);
        return page_parse(&source->arena, place->where, NULL, piece_of(text), &place->page,
                          &place->err);
    }
    source_get(source, &want, 1);
    place->err = want.err;
    if (!want.err.code && !want.missing && !want.offline)
        read_page(source, &want, &place->page, &place->err);
    cached_free(&want.got);
    return place->err.code ? -1 : 0;
}

int source_read_houses(struct source *source, struct err *err)
{
    for (size_t i = 0; i < source->count; i++) {
        struct place *place = &source->place[i];
        if (place->kind != SOURCE_HOUSE || place->loaded)
            continue;
        if (house_open(place->where, &place->house, err) < 0)
            return -1;
        place->loaded = 1;
    }
    return 0;
}

const struct source_project *source_project(struct source *source, const char *normal,
                                            struct err *err)
{
    struct entry *entry = source_entry(source, normal);
    if (entry->built)
        return &entry->project;
    if (source_read_houses(source, err) < 0)
        return NULL;
    source_prefetch(source, &normal, 1);
    for (size_t i = 0; i < source->count; i++) {
        struct place *place = &source->place[i];
        if (place->kind == SOURCE_LINKS && source_load_links(source, place) < 0) {
            if (err)
                *err = place->err;
            return NULL;
        }
    }
    for (size_t i = 0; i < entry->part_count; i++) {
        if (entry->part[i].err.code) {
            if (err)
                *err = entry->part[i].err;
            return NULL;
        }
        entry->project.offline |= entry->part[i].offline;
    }
    source_build(source, entry);
    entry->built = 1;
    return &entry->project;
}

size_t source_places(const struct source *source)
{
    return source->count;
}

enum source_kind source_place(const struct source *source, size_t place, const char **ret_where,
                              const char **ret_label)
{
    if (ret_where)
        *ret_where = source->place[place].where;
    if (ret_label)
        *ret_label = source->place[place].label;
    return source->place[place].kind;
}

const struct stat *source_house_stat(const struct source *source, size_t place)
{
    return &source->place[place].st;
}

size_t source_odd(const struct source *source)
{
    size_t odd = 0;
    for (size_t i = 0; i < source->count; i++)
        odd += source->place[i].house.odd;
    return odd;
}
