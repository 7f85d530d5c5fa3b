// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_build.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "build/build.h"
#include "cli/packs_tell.h"
#include "cli/pip_real.h"
#include "cli/say.h"
#include "env/site.h"
#include "source/digest.h"
#include "source/url.h"

enum { URL_SECONDS = 600 }; // as long as pages of indexes are believed

// "git+https://...", as pip writes a repository.
static int is_repository(const char *text)
{
    static const char *const kinds[] = {"git+", "hg+", "svn+", "bzr+"};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_starts(text, kinds[i]))
            return 1;
    return 0;
}

static int is_archive(const char *text)
{
    static const char *const ends[] = {".tar.gz",  ".zip",    ".tgz",
                                       ".tar.bz2", ".tar.xz", ".tar"};
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_ends(text, ends[i]))
            return 1;
    return 0;
}

// "numpy @ file:///x.whl", "dask[array]@https://...": a name comes first.
static int has_name(const char *text)
{
    const char *at = text + strcspn(text, "@/:");
    return *at == '@' && at > text;
}

size_t packs_place_size(const char *text)
{
    const char *bracket =
        str_ends(text, "]") && !is_repository(text) ? strrchr(text, '[') : NULL;
    return bracket ? (size_t)(bracket - text) : strlen(text);
}

int packs_is_place(const char *text)
{
    CLEANUP_FREE char *plain = mem_dupn(text, packs_place_size(text));
    if (is_repository(text))
        return 1;
    if (has_name(text))
        return 0;
    return url_is_http(text) || str_starts(text, "file:") || str_ends(plain, ".whl") ||
           is_archive(plain) || strchr(plain, '/') || strcmp(plain, ".") == 0 ||
           strcmp(plain, "..") == 0;
}

int packs_is_source(const char *text)
{
    CLEANUP_STR struct str name = {0};
    CLEANUP_FREE char *plain = mem_dupn(text, packs_place_size(text));
    return is_repository(text) ||
           (url_is(plain) ? url_add_name(&name, plain) < 0 || !str_ends(str_text(&name), ".whl")
                          : !str_ends(plain, ".whl"));
}

static struct packs_source *new_source(struct packs *packs, const struct packs_source *given)
{
    struct packs_source *source = arena_alloc(&packs->arena, sizeof *source);
    *source = *given;
    mem_room(&packs->built, &packs->built_room, packs->built_count + 1, sizeof *packs->built);
    packs->built[packs->built_count++] = source;
    return source;
}

// What a path or URL leads to.
static int look(struct packs *packs, const char *where, const char *folder,
                struct packs_source *ret, struct err *err)
{
    struct arena *arena = &packs->arena;
    struct stat st;
    ret->is_repository = is_repository(where);
    if (ret->is_repository || url_is_http(where)) {
        CLEANUP_FREE char *sha256 = url_fragment(where, "sha256");
        ret->source = ret->url = arena_dup(arena, where);
        ret->identity = sha256 ? arena_dup(arena, sha256) : NULL;
        return 0;
    }
    CLEANUP_FREE char *path =
        str_starts(where, "file:") ? url_file(where, err) : fs_absolute(folder, where);
    if (!path)
        return -1;
    CLEANUP_FREE char *url = url_of_path(path);
    ret->source = arena_dup(arena, path);
    ret->url = arena_dup(arena, url);
    if (stat(path, &st) < 0)
        return err_set(err, ERR_USAGE, _("no file '%s'"), path);
    ret->is_folder = S_ISDIR(st.st_mode);
    if (!ret->is_folder) {
        char sha256[SHA256_TEXT];
        if (sha256_file(path, sha256, err) < 0)
            return -1;
        ret->identity = arena_dup(arena, sha256);
        return 0;
    }
    CLEANUP_FREE char *project = mem_print("%s/pyproject.toml", path);
    CLEANUP_FREE char *setup = mem_print("%s/setup.py", path);
    if (access(project, F_OK) < 0 && access(setup, F_OK) < 0)
        return err_set(err, ERR_USAGE,
                       _("folder '%s' is no Python project: it has neither pyproject.toml nor "
                         "setup.py"),
                       path);
    CLEANUP_FREE char *identity = build_identity(path, ret->editable);
    ret->identity = arena_dup(arena, identity);
    return 0;
}

int packs_add_source(struct packs *packs, const char *text, const char *folder, int editable,
                     struct err *err)
{
    size_t size = packs_place_size(text);
    CLEANUP_FREE char *where = mem_dupn(text, size);
    struct packs_source source = {.given = arena_dup(&packs->arena, text),
                                  .extras = arena_dup(&packs->arena, text + size),
                                  .editable = editable,
                                  .wanted = 1};
    if (look(packs, where, folder, &source, err) < 0)
        return -1;
    if (editable && !source.is_folder) {
        err_set(err, ERR_USAGE, _("only a folder can be installed with -e, and '%s' is none"),
                text);
        return err_hint(err, "try", "git clone URL && lopin pip install -e FOLDER");
    }
    new_source(packs, &source);
    return 0;
}

static void add_each(struct strv *words, const char *option, const struct strv *values)
{
    for (size_t i = 0; i < values->count; i++) {
        strv_add(words, option);
        strv_add(words, values->item[i]);
    }
}

static void add_options(const struct packs *packs, struct strv *words)
{
    if (packs->no_index || packs->offline)
        strv_add(words, "--no-index");
    else if (packs->index_url) {
        strv_add(words, "--index-url");
        strv_add(words, packs->index_url);
    }
    add_each(words, "--find-links", &packs->find_links);
    add_each(words, "--extra-index-url", &packs->extra_index);
    if (packs->cli->options.pack.no_isolation)
        strv_add(words, "--no-build-isolation");
    add_each(words, "--config-settings", &packs->cli->options.pack.config_settings);
}

// What a wheel is made for. Yours.
static char *interpreter_of(const struct packs *packs)
{
    CLEANUP_STR struct str text = {0};
    const struct facts *facts = &packs->python->facts;
    const struct strv *settings = &packs->cli->options.pack.config_settings;
    const char *const isolated = packs->cli->options.pack.no_isolation ? facts->prefix : "";
    str_print(&text, "%s\n%s\n%s\n%s\n%s\n%s", facts->program, facts->version, facts->cache_tag,
              facts->platform, facts->flags, isolated);
    for (size_t i = 0; i < settings->count; i++)
        str_print(&text, "\n%s", settings->item[i]);
    return str_take(&text);
}

struct beginning {
    const struct packs *packs;
    const struct packs_source *source;
};

static void say_begin(void *context)
{
    const struct beginning *beginning = context;
    CLEANUP_STR struct str shown = {0};
    packs_tell_end((struct packs *)(uintptr_t)beginning->packs);
    url_add_shown(&shown, beginning->source->given);
    say(beginning->packs->cli, _("building %s by pip, in an environment of its own"),
        str_text(&shown));
}

static int pip_words(const struct packs *packs, struct strv *words, struct err *err)
{
    struct site site = {0};
    site_name(packs->python->facts.prefix, packs->python->facts.version, &site);
    int status = pip_real_words(site.packages, packs->python, words);
    site_free(&site);
    if (status < 0) {
        err_set(err, ERR_BUILD, _("sources are built by pip, and %s has none"),
                packs->python->path);
        return err_hint(err, "try", "lopin venv --upgrade --seed ENV");
    }
    return 0;
}

static struct source_file *file_of(struct packs *packs, const char *wheel, struct err *err)
{
    struct wheelname name;
    const char *base = arena_dup(&packs->arena, fs_base(wheel));
    if (wheelname_parse(&packs->arena, piece_of(base), &name, err) < 0)
        return NULL;
    CLEANUP_FREE char *normal = mem_dupn(name.normal.text, name.normal.size);
    CLEANUP_FREE char *url = url_of_path(wheel);
    return source_at_url(packs->source, normal, url, err);
}

// Fills source->wheel.
static int build(struct packs *packs, struct packs_source *source, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    CLEANUP_STRV struct strv options = {0};
    CLEANUP_FREE char *interpreter = interpreter_of(packs);
    struct beginning beginning = {packs, source};
    struct built built;
    int64_t began = clock_boot_us();
    if (packs->offline && !source->archive && !source->is_folder && url_is(source->source))
        return err_set(err, ERR_FETCH, _("'%s' is not in the cache, and --offline is said"),
                       source->given);
    if (pip_words(packs, &words, err) < 0)
        return -1;
    add_options(packs, &options);
    const struct build_ask ask = {.pip = &words,
                                  .source = source->source,
                                  .editable = source->editable,
                                  .identity = source->identity,
                                  .max_age = packs->installed ? 0 : URL_SECONDS,
                                  .interpreter = interpreter,
                                  .options = &options,
                                  .vars = &packs->cli->vars,
                                  .cache = packs->cache,
                                  .begin = say_begin,
                                  .context = &beginning};
    if (build_wheel(&ask, &built, err) < 0)
        return -1;
    if (!built.was_kept)
        say(packs->cli, _("built %s in %.1f s"), fs_base(built.wheel),
            (double)(clock_boot_us() - began) / 1e6);
    source->commit = built.commit ? arena_dup(&packs->arena, built.commit) : NULL;
    source->wheel = file_of(packs, built.wheel, err);
    built_free(&built);
    return source->wheel ? 0 : -1;
}

// "NAME[extras] @ URL" of a source that is built.
static int want(struct packs *packs, const struct packs_source *source, struct err *err)
{
    const struct wheelname *name = &source->wheel->wheel;
    CLEANUP_FREE char *text =
        mem_print("%.*s%s", (int)name->written.size, name->written.text, source->extras);
    struct require *require = require_parse(&packs->arena, piece_of(text), err);
    if (!require)
        return -1;
    require->url = source->url;
    packs_list_add(&packs->wanted, require);
    return 0;
}

int packs_build_wanted(struct packs *packs, struct err *err)
{
    for (size_t i = 0; i < packs->built_count; i++) {
        struct packs_source *source = packs->built[i];
        if (source->wanted && !source->wheel &&
            (build(packs, source, err) < 0 || want(packs, source, err) < 0))
            return -1;
    }
    return 0;
}

struct source_file *packs_build_url(struct packs *packs, const char *normal, const char *url,
                                    struct err *err)
{
    struct packs_source *source = NULL;
    for (size_t i = 0; i < packs->built_count; i++)
        if (packs->built[i]->url && strcmp(packs->built[i]->url, url) == 0)
            source = packs->built[i];
    if (!source) {
        struct packs_source given = {.given = arena_dup(&packs->arena, url), .extras = ""};
        if (look(packs, url, packs->cli->cwd, &given, err) < 0)
            return NULL;
        source = new_source(packs, &given);
        source->url = given.given;
    }
    if (!source->wheel && build(packs, source, err) < 0)
        return NULL;
    if (!piece_is(source->wheel->wheel.normal, normal)) {
        err_set(err, ERR_NO_WHEEL, _("'%s' is not of %s"), source->given, normal);
        return NULL;
    }
    return source->wheel;
}

struct source_file *packs_build_archive(struct packs *packs, struct source_file *archive,
                                        struct err *err)
{
    for (size_t i = 0; i < packs->built_count; i++)
        if (packs->built[i]->archive == archive)
            return packs->built[i]->wheel;
    char sha256[SHA256_TEXT];
    if (source_fetch(packs->source, &archive, 1, err) < 0 ||
        sha256_file(archive->path, sha256, err) < 0)
        return NULL;
    const struct packs_source given = {.given = archive->name,
                                       .source = archive->path,
                                       .extras = "",
                                       .identity = arena_dup(&packs->arena, sha256),
                                       .archive = archive};
    struct packs_source *source = new_source(packs, &given);
    if (build(packs, source, err) < 0)
        return NULL;
    if (!piece_is(source->wheel->wheel.normal,
                  arena_dupn(&packs->arena, archive->wheel.normal.text,
                             archive->wheel.normal.size))) {
        err_set(err, ERR_BUILD, _("'%s' builds %s, which is another project"), archive->name,
                source->wheel->name);
        return NULL;
    }
    return source->wheel;
}

const struct packs_source *packs_source_of(const struct packs *packs,
                                           const struct source_file *wheel)
{
    for (size_t i = 0; i < packs->built_count; i++)
        if (packs->built[i]->wheel == wheel)
            return packs->built[i];
    return NULL;
}
