// SPDX-License-Identifier: Apache-2.0
#include "cli/lock_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/packs_build.h"
#include "source/arch.h"
#include "source/digest.h"
#include "source/url.h"

struct entry { // one version of one package, from one place
    const char *name, *version_text, *index, *url;
    struct packs *packs;
    const struct packs_source *source; // built from that; NULL: a wheel
    const struct version *version;
    struct lock_file *file, *variant;
    size_t count, room, variants, variant_room;
    uint64_t ways; // bits: which interpreters take it
};
struct making {
    struct arena *arena;
    const struct lock_ways *ways;
    struct entry *entry;
    size_t count, room;
    struct err *err;
};

static const char *keep(struct making *making, const char *text)
{
    return text ? arena_dup(making->arena, text) : NULL;
}

static struct entry *entry_of(struct making *making, const struct solve_choice *choice)
{
    CLEANUP_STR struct str version = {0};
    version_add(&version, choice->candidate->version.version, VERSION_WHOLE);
    for (size_t i = 0; i < making->count; i++) {
        struct entry *entry = &making->entry[i];
        int same_place = entry->url && choice->url ? strcmp(entry->url, choice->url) == 0
                                                   : entry->url == choice->url;
        if (same_place && piece_is(choice->normal, entry->name) &&
            strcmp(entry->version_text, version.text) == 0)
            return entry;
    }
    mem_room(&making->entry, &making->room, making->count + 1, sizeof *making->entry);
    making->entry[making->count] = (struct entry){
        .name = arena_dupn(making->arena, choice->normal.text, choice->normal.size),
        .version_text = keep(making, version.text),
        .version = version_parse(making->arena, piece_of(keep(making, version.text)), NULL),
        .url = keep(making, choice->url)};
    return &making->entry[making->count++];
}

// "sha256" of a file: what the store or the index knows, else of its bytes. Returns 0, or -1 with err.
static int hash_of(struct packs *packs, struct source_file *file, char ret[SHA256_TEXT],
                   struct err *err)
{
    const char *tag =
        packs->cli->options.pack.no_compile ? "plain" : packs->python->facts.cache_tag;
    if (file->sha256 && !file->local) {
        snprintf(ret, SHA256_TEXT, "%s", file->sha256);
        return 0;
    }
    if (!file->path && !file->local && source_fetch(packs->source, &file, 1, err) < 0)
        return -1;
    const char *path = file->path ? file->path : file->url;
    return packs->store && store_sha256(packs->store, path, tag, ret) == 0
               ? 0
               : sha256_file(path, ret, err);
}

// A path below the lock's folder is relative to it, so that both can be moved together; another is a
// file: URL, which pip and uv take everywhere.
static void set_place(struct making *making, const struct source_file *file,
                      struct lock_file *into)
{
    size_t size = strlen(making->ways->folder);
    if (!file->local) {
        CLEANUP_FREE char *plain = url_plain(file->url);
        plain[strcspn(plain, "#")] = '\0';
        into->url = keep(making, plain);
        return;
    }
    CLEANUP_FREE char *path = fs_absolute("/", file->url);
    if (str_starts(path, making->ways->folder) && path[size] == '/') {
        into->path = keep(making, path + size + 1);
        return;
    }
    CLEANUP_FREE char *url = url_of_path(path);
    into->url = keep(making, url);
}

static int describe(struct making *making, struct packs *packs, struct source_file *file,
                    struct lock_file *ret)
{
    char sha256[SHA256_TEXT];
    struct stat st;
    struct lock_hash *hash = arena_alloc(making->arena, sizeof *hash);
    *ret = (struct lock_file){
        .name = keep(making, file->name), .size = file->size, .hash = hash, .hash_count = 1};
    if (hash_of(packs, file, sha256, making->err) < 0)
        return err_wrap(making->err, "%s", file->name);
    *hash = (struct lock_hash){"sha256", keep(making, sha256)};
    if (file->local && stat(file->url, &st) == 0)
        ret->size = (long long)st.st_size;
    set_place(making, file, ret);
    return 0;
}

static const char *level_label(const struct packs *packs, const struct source_file *file)
{
    const char *where;
    if (!file->local || file->place >= source_places(packs->source) ||
        source_place(packs->source, file->place, &where, NULL) != SOURCE_HOUSE)
        return NULL;
    return arch_label(where);
}

// How much a processor must have; folders that name no level are for all.
static int level_of(const struct packs *packs, const struct source_file *file)
{
    int level = arch_level(level_label(packs, file));
    return level < 0 ? 0 : level;
}

static int has_file(const struct lock_file *list, size_t count, const struct lock_file *file,
                    int by_hash)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, file->name) == 0 &&
            (!by_hash || (strcmp(list[i].hash[0].value, file->hash[0].value) == 0 &&
                          strcmp(list[i].level, file->level) == 0)))
            return 1;
    return 0;
}

static void add_standard(struct entry *entry, const struct lock_file *file)
{
    if (has_file(entry->file, entry->count, file, 0))
        return;
    mem_room(&entry->file, &entry->room, entry->count + 1, sizeof *entry->file);
    entry->file[entry->count++] = *file;
}

static void add_variant(struct entry *entry, const struct lock_file *file)
{
    if (has_file(entry->variant, entry->variants, file, 1))
        return;
    mem_room(&entry->variant, &entry->variant_room, entry->variants + 1,
             sizeof *entry->variant);
    entry->variant[entry->variants++] = *file;
}

static void set_index(struct making *making, struct packs *packs,
                      const struct source_file *file, struct entry *entry)
{
    const char *where;
    if (entry->index || file->local || file->place >= source_places(packs->source) ||
        source_place(packs->source, file->place, &where, NULL) != SOURCE_INDEX)
        return;
    CLEANUP_FREE char *plain = url_plain(where);
    entry->index = keep(making, plain);
}

// All wheels of the version that fit the interpreter. Those for more than the least of processors are
// variants; pip and uv may take any of the others.
static int add_version(struct making *making, struct packs *packs, struct entry *entry,
                       const struct source_version *version)
{
    int least = level_of(packs, version->file);
    int most = 0;
    for (size_t i = 0; i < version->also_count; i++) {
        int level = level_of(packs, version->also[i]);
        least = level < least ? level : least;
        most = level > most ? level : most;
    }
    for (size_t i = 0; i < version->also_count; i++) {
        struct source_file *file = version->also[i];
        struct lock_file made;
        int is_optional = file != version->file;
        if (is_optional && (file->yanked || (!file->local && !file->sha256)))
            continue;
        if (describe(making, packs, file, &made) < 0)
            return -1;
        set_index(making, packs, file, entry);
        if (level_of(packs, file) == least)
            add_standard(entry, &made);
        made.level = level_label(packs, file);
        if (most && made.level)
            add_variant(entry, &made);
    }
    return 0;
}

static int add_choice(struct making *making, struct packs *packs, size_t choice, size_t way)
{
    struct entry *entry = entry_of(making, &packs->solution.choice[choice]);
    const struct source_version *version =
        packs_version(packs, &packs->solution.choice[choice]);
    entry->ways |= UINT64_C(1) << way;
    if (version)
        return add_version(making, packs, entry, version);
    struct lock_file made;
    struct source_file *file = packs->file[choice];
    entry->packs = packs;
    entry->source = packs_source_of(packs, file);
    if (entry->source) // its wheel is of this machine: who has the lock builds its own
        return 0;
    if (describe(making, packs, file, &made) < 0)
        return -1;
    add_standard(entry, &made);
    return 0;
}

// "git+https://host/project@REVISION#subdirectory=PATH".
static void set_vcs(struct making *making, const struct packs_source *source,
                    struct lock_package *ret)
{
    struct lock_vcs *vcs = arena_alloc(making->arena, sizeof *vcs);
    const char *plus = strchr(source->source, '+');
    CLEANUP_FREE char *url = mem_dupn(plus + 1, strcspn(plus + 1, "#"));
    CLEANUP_FREE char *subdirectory = url_fragment(source->source, "subdirectory");
    char *host = strstr(url, "://");
    char *path = host ? strchr(host + 3, '/') : NULL;
    char *revision = path ? strrchr(path, '@') : NULL;
    if (revision)
        *revision = '\0';
    CLEANUP_FREE char *plain = url_plain(url);
    *vcs = (struct lock_vcs){
        .type = arena_dupn(making->arena, source->source, (size_t)(plus - source->source)),
        .url = keep(making, plain),
        .requested_revision = revision ? keep(making, revision + 1) : NULL,
        .commit_id = keep(making, source->commit ? source->commit : ""),
        .subdirectory = keep(making, subdirectory)};
    ret->vcs = vcs;
}

static void set_folder(struct making *making, const struct packs_source *source,
                       struct lock_package *ret)
{
    const char *above = making->ways->folder;
    size_t size = strlen(above);
    struct lock_folder *folder = arena_alloc(making->arena, sizeof *folder);
    const char *path = source->source;
    if (strcmp(path, above) == 0)
        path = ".";
    else if (str_starts(path, above) && path[size] == '/')
        path += size + 1;
    *folder =
        (struct lock_folder){.path = keep(making, path), .editable = source->editable ? 1 : -1};
    ret->directory = folder;
}

static int set_archive(struct making *making, const struct packs_source *source,
                       struct lock_package *ret)
{
    struct lock_file *file = arena_alloc(making->arena, sizeof *file);
    struct lock_hash *hash = arena_alloc(making->arena, sizeof *hash);
    CLEANUP_FREE char *plain = url_plain(source->url);
    plain[strcspn(plain, "#")] = '\0';
    if (!source->identity)
        return err_set(making->err, ERR_USAGE,
                       _("'%s' cannot be locked without its hash: URL#sha256=..."),
                       source->given);
    *hash = (struct lock_hash){"sha256", keep(making, source->identity)};
    *file = (struct lock_file){
        .url = keep(making, plain), .size = -1, .hash = hash, .hash_count = 1};
    ret->archive = file;
    return 0;
}

// What was built is locked as what it was built from.
static int set_source(struct making *making, const struct entry *entry,
                      struct lock_package *ret)
{
    const struct packs_source *source = entry->source;
    if (source->archive) {
        struct lock_file *file = arena_alloc(making->arena, sizeof *file);
        ret->sdist = file;
        return describe(making, entry->packs, (struct source_file *)(uintptr_t)source->archive,
                        file);
    }
    if (!source->is_repository && !source->is_folder)
        return set_archive(making, source, ret);
    if (source->is_repository)
        set_vcs(making, source, ret);
    else
        set_folder(making, source, ret);
    return 0;
}

const char *lock_python(struct arena *arena, const struct python *python)
{
    const char *version = python->facts.version;
    const char *dot = strchr(version, '.');
    dot = dot ? strchr(dot + 1, '.') : NULL;
    return arena_dupn(arena, version, dot ? (size_t)(dot - version) : strlen(version));
}

static const struct marker *parse_marker(struct making *making, const struct str *text)
{
    return marker_parse(making->arena, piece_of(keep(making, text->text)), making->err);
}

// "python_version == '3.10' or ...": NULL if all take it.
static int make_marker(struct making *making, const struct entry *entry,
                       const struct marker **ret)
{
    CLEANUP_STR struct str text = {0};
    size_t count = making->ways->count;
    *ret = NULL;
    if (entry->ways == (count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (entry->ways >> i & 1)
            str_print(&text, "%spython_version == '%s'", text.size ? " or " : "",
                      lock_python(making->arena, making->ways->packs[i]->python));
    return (*ret = parse_marker(making, &text)) ? 0 : -1;
}

static int make_environments(struct making *making, struct lock *lock)
{
    static const enum marker_variable names[] = {MARKER_IMPLEMENTATION_NAME,
                                                 MARKER_PLATFORM_MACHINE, MARKER_SYS_PLATFORM};
    lock->has_environments = 1;
    lock->environment =
        arena_alloc(making->arena, (making->ways->count + 1) * sizeof *lock->environment);
    for (size_t i = 0; i < making->ways->count; i++) {
        CLEANUP_STR struct str text = {0};
        const struct packs *packs = making->ways->packs[i];
        str_print(&text, "python_version == '%s'", lock_python(making->arena, packs->python));
        for (size_t v = 0; v < COUNT(names); v++)
            str_print(&text, " and %s == '%s'", marker_names[names[v]],
                      packs->profile.markers.value[names[v]]);
        if (!(lock->environment[lock->environment_count++] = parse_marker(making, &text)))
            return -1;
    }
    return 0;
}

static int make_package(struct making *making, const struct entry *entry,
                        struct lock_package *ret)
{
    struct arena *arena = making->arena;
    struct lock_file *file = arena_alloc(arena, (entry->count + 1) * sizeof *file);
    struct lock_file *variant = arena_alloc(arena, (entry->variants + 1) * sizeof *variant);
    for (size_t i = 0; i < entry->count; i++)
        file[i] = entry->file[i];
    for (size_t i = 0; i < entry->variants; i++)
        variant[i] = entry->variant[i];
    *ret = (struct lock_package){.name = entry->name,
                                 .version_text = entry->version_text,
                                 .version = entry->version,
                                 .index = entry->index,
                                 .variant = variant,
                                 .variant_count = entry->variants};
    if (entry->source) {
        if (set_source(making, entry, ret) < 0)
            return -1;
    } else if (entry->url) {
        file->name = NULL;
        ret->archive = file;
    } else {
        ret->wheel = file;
        ret->wheel_count = entry->count;
    }
    return make_marker(making, entry, &ret->marker);
}

static int by_text(const void *one, const void *two)
{
    return strcmp(*(const char *const *)one, *(const char *const *)two);
}

// Sorted, each once.
static void sort_texts(const char **list, size_t *count)
{
    size_t kept = 0;
    if (*count)
        qsort(list, *count, sizeof *list, by_text);
    for (size_t i = 0; i < *count; i++)
        if (!kept || strcmp(list[kept - 1], list[i]) != 0)
            list[kept++] = list[i];
    *count = kept;
}

static void add_requires(struct arena *arena, const struct packs_list *list, size_t first,
                         const char ***ret, size_t *ret_count)
{
    const char **texts = arena_alloc(arena, (list->count + 1) * sizeof *texts);
    *ret = texts;
    *ret_count = 0;
    for (size_t i = first; i < list->count; i++) {
        CLEANUP_STR struct str text = {0};
        require_add(&text, list->item[i]);
        texts[(*ret_count)++] = arena_dup(arena, str_text(&text));
    }
    sort_texts(texts, ret_count);
}

void lock_asked(struct arena *arena, struct packs *const *packs, size_t count,
                struct lock_asked *ret)
{
    *ret = (struct lock_asked){.known = 1};
    add_requires(arena, &packs[0]->wanted, 0, &ret->requirement, &ret->requirement_count);
    add_requires(arena, &packs[0]->constraints, packs[0]->site_constraints, &ret->constraint,
                 &ret->constraint_count);
    add_requires(arena, &packs[0]->overrides, 0, &ret->override, &ret->override_count);
    ret->python = arena_alloc(arena, (count + 1) * sizeof *ret->python);
    for (size_t i = 0; i < count; i++)
        ret->python[ret->python_count++] = lock_python(arena, packs[i]->python);
}

static int same_texts(const char *const *one, size_t one_count, const char *const *two,
                      size_t two_count)
{
    for (size_t i = 0; i < one_count && i < two_count; i++)
        if (strcmp(one[i], two[i]) != 0)
            return 0;
    return one_count == two_count;
}

int lock_asks_same(const struct lock_asked *one, const struct lock_asked *two)
{
    return one->known && two->known &&
           same_texts(one->requirement, one->requirement_count, two->requirement,
                      two->requirement_count) &&
           same_texts(one->constraint, one->constraint_count, two->constraint,
                      two->constraint_count) &&
           same_texts(one->override, one->override_count, two->override, two->override_count);
}

static int make_all(struct making *making, struct lock *lock)
{
    const struct lock_ways *ways = making->ways;
    for (size_t w = 0; w < ways->count; w++)
        for (size_t i = 0; i < ways->packs[w]->solution.count; i++)
            if (add_choice(making, ways->packs[w], i, w) < 0)
                return -1;
    lock->package = arena_alloc(making->arena, (making->count + 1) * sizeof *lock->package);
    for (size_t i = 0; i < making->count; i++)
        if (make_package(making, &making->entry[i], &lock->package[lock->package_count++]) < 0)
            return -1;
    lock_asked(making->arena, ways->packs, ways->count, &lock->asked);
    return make_environments(making, lock);
}

struct lock *lock_make(struct arena *arena, const struct lock_ways *ways, struct err *err)
{
    struct making making = {.arena = arena, .ways = ways, .err = err};
    struct lock *lock = arena_alloc(arena, sizeof *lock);
    *lock = (struct lock){.version_text = "1.0", .created_by = "lopin"};
    int status = make_all(&making, lock);
    for (size_t i = 0; i < making.count; i++) {
        free(making.entry[i].file);
        free(making.entry[i].variant);
    }
    free(making.entry);
    return status < 0 ? NULL : lock;
}
