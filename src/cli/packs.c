// SPDX-License-Identifier: Apache-2.0
#include "cli/packs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/config.h"
#include "cli/packs_advice.h"
#include "cli/packs_build.h"
#include "cli/packs_direct.h"
#include "cli/packs_hashes.h"
#include "cli/packs_tell.h"
#include "cli/parcel.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "source/arch.h"

static int read_configuration(struct packs *packs, struct err *err)
{
    const struct pack_options *options = &packs->cli->options.pack;
    const struct pipconf_ask ask = {.vars = &packs->cli->vars,
                                    .root = "",
                                    .prefix = packs->python->facts.prefix,
                                    .command = "install"};
    if (pipconf_read(&ask, &packs->pip, err) < 0)
        return -1;
    pipconf_pick(&packs->pip, "no-binary", "only-binary", &packs->formats);
    for (size_t i = 0; i < options->no_binary.count; i++)
        pick_add(&packs->formats, 0, options->no_binary.item[i]);
    for (size_t i = 0; i < options->only_binary.count; i++)
        pick_add(&packs->formats, 1, options->only_binary.item[i]);
    strv_add_all(&packs->find_links, &options->find_links);
    strv_add_all(&packs->extra_index, &options->extra_index);
    packs->index_url = options->index_url;
    packs->no_index = options->no_index;
    packs->pre = options->pre;
    packs->require_hashes = options->require_hashes;
    packs->offline = options->offline;
    packs->no_deps = options->no_deps;
    packs->upgrade = options->upgrade;
    // of an environment that is there: what a script needs is not for a setting to cut
    if (packs->installed && (pipconf_flag(&packs->pip, "no-deps", &packs->no_deps, err) < 0 ||
                             pipconf_flag(&packs->pip, "upgrade", &packs->upgrade, err) < 0))
        return -1;
    return pipconf_flag(&packs->pip, "pre", &packs->pre, err) < 0 ||
                   pipconf_flag(&packs->pip, "require-hashes", &packs->require_hashes, err) < 0
               ? -1
               : 0;
}

// What bytecode the entries have.
static const char *tag_of(const struct packs *packs)
{
    return packs->cli->options.pack.no_compile ? "plain" : packs->python->facts.cache_tag;
}

static int known_metadata(void *context, const char *path, struct str *into)
{
    struct packs *packs = context;
    struct stat st;
    int is_new;
    if (!packs->store || store_metadata(packs->store, path, tag_of(packs), into, &st) < 0)
        return -1;
    struct stat *kept = arena_alloc(&packs->arena, sizeof *kept);
    *kept = st;
    *table_put(&packs->looked, arena_dup(&packs->arena, path), &is_new) =
        (uint64_t)(uintptr_t)kept;
    return 0;
}

// The file of a wheel as it was when its metadata was taken: both are then of one entry. NULL: not known.
static const struct stat *looked_at(const struct packs *packs, const char *path)
{
    const uint64_t *kept = table_get(&packs->looked, path);
    return kept ? (const struct stat *)(uintptr_t)*kept : NULL;
}

const char *packs_home(const struct packs *packs)
{
    return packs->local ? packs->local : packs->cache;
}

// --dry-run makes none where there is none.
int packs_open_store(struct packs *packs, struct err *err)
{
    CLEANUP_FREE char *folder = mem_print("%s/store", packs_home(packs));
    if (packs->cli->options.dry_run && access(folder, F_OK) < 0)
        return 0;
    const struct config *config = packs->cli->config;
    packs->store = store_open(folder, config ? config->site.trusted : NULL,
                              config ? config->site.trusted_count : 0, err);
    return packs->store ? 0 : -1;
}

static int open_source(struct packs *packs, struct err *err)
{
    const struct source_ask ask = {.pip = &packs->pip,
                                   .find_links = &packs->find_links,
                                   .must_links = packs->cli->options.pack.find_links.count -
                                                 packs->cli->options.pack.site_links,
                                   .index = packs->cli->options.pack.index,
                                   .extra_index_urls = &packs->extra_index,
                                   .index_url = packs->index_url,
                                   .no_index = packs->no_index,
                                   .offline = packs->offline,
                                   .formats = &packs->formats,
                                   .vars = &packs->cli->vars,
                                   .cwd = packs->cli->cwd,
                                   .cache = packs->cache,
                                   .tags = &packs->profile.tags,
                                   .python = packs->python->facts.version,
                                   .watch = packs_tell_net(packs),
                                   .known = known_metadata,
                                   .known_context = packs};
    packs->source = source_new(&ask, err);
    return packs->source ? 0 : -1;
}

static int open_all(const struct packs_ask *ask, const char *lock, struct packs *ret,
                    struct err *err)
{
    *ret = (struct packs){.cli = ask->cli, .python = ask->python, .installed = ask->installed};
    ret->cache = setting_cache(ask->cli);
    if (profile_read(ask->python, &ask->cli->vars, &ret->profile, err) < 0 ||
        read_configuration(ret, err) < 0)
        return -1;
    int status =
        lock ? packs_read_list(ret, ask->words, err) : packs_read_words(ret, ask->words, err);
    if (status == 0 && lock)
        status = packs_read_lock(ret, lock, err);
    return status < 0 || open_source(ret, err) < 0 || packs_build_wanted(ret, err) < 0 ? -1 : 0;
}

int packs_open(const struct cli *cli, const struct python *python,
               const struct dists *installed, const struct strv *words, struct packs *ret,
               struct err *err)
{
    const struct packs_ask ask = {cli, python, installed, words};
    return open_all(&ask, NULL, ret, err);
}

int packs_open_lock(const struct packs_ask *ask, const char *lock, struct packs *ret,
                    struct err *err)
{
    return open_all(ask, lock, ret, err);
}

// Whatever a package requires is left out: --no-deps. Which extras it has is asked of what is wanted alone.
static int no_needs(void *context, struct piece normal, size_t index, struct solve_needs *ret,
                    struct err *err)
{
    struct packs *packs = context;
    struct solve_provider provider;
    int has_extras = 0;
    for (size_t i = 0; i < packs->wanted.count; i++)
        has_extras |= packs->wanted.item[i]->extra_count &&
                      piece_compare(packs->wanted.item[i]->normal, normal) == 0;
    *ret = (struct solve_needs){0};
    packs_provider(packs, &provider);
    if (has_extras && provider.needs(context, normal, index, ret, err) < 0)
        return -1;
    ret->count = 0;
    return 0;
}

int packs_solve(struct packs *packs, struct err *err)
{
    static const enum solve_order orders[] = {
        [RESOLUTION_HIGHEST] = SOLVE_HIGHEST,
        [RESOLUTION_LOWEST] = SOLVE_LOWEST,
        [RESOLUTION_LOWEST_DIRECT] = SOLVE_LOWEST_DIRECT,
    };
    const struct options *options = &packs->cli->options;
    struct solve_provider provider;
    const struct solve_ask ask = {.item = packs->wanted.item,
                                  .count = packs->wanted.count,
                                  .constraint = packs->constraints.item,
                                  .constraint_count = packs->constraints.count,
                                  .override = packs->overrides.item,
                                  .override_count = packs->overrides.count,
                                  .markers = &packs->profile.markers,
                                  .order = orders[options->pack.resolution],
                                  .prereleases =
                                      packs->pre ? PRERELEASES_YES : PRERELEASES_AUTO,
                                  .verbose = options->verbose};
    if (!packs->store && packs_open_store(packs, err) < 0)
        return packs_advise_cache(packs, err);
    packs_provider(packs, &provider);
    packs_look_ahead(packs);
    if (packs->no_deps)
        provider.needs = no_needs;
    int status = solve(&provider, &ask, &packs->solution, err);
    packs_tell_end(packs);
    if (status < 0) {
        packs_advise(packs, err);
        return packs_advise_cache(packs, err);
    }
    size_t count = packs->solution.count;
    packs->file = arena_alloc(&packs->arena, (count + 1) * sizeof *packs->file);
    for (size_t i = 0; i < count; i++)
        if (packs_file(packs, &packs->solution.choice[i], &packs->file[i], err) < 0)
            return -1;
    return 0;
}

static int fetch(struct packs *packs, int is_dry, struct err *err)
{
    size_t count = packs->solution.count;
    struct source_file **list = arena_alloc(&packs->arena, (count + 1) * sizeof *list);
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++)
        if (packs->file[i] && (packs->file[i]->local || !is_dry))
            list[wanted++] = packs->file[i];
    if (source_fetch(packs->source, list, wanted, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (packs->file[i] &&
            packs_hashes_check(packs, &packs->solution.choice[i], packs->file[i], err) < 0)
            return -1;
    return 0;
}

static unsigned count_cores(void *context)
{
    return parcel_cpus(((const struct packs *)context)->cli);
}

// Of a file that was read, so that the store need not.
static const char *known_hash(const struct packs *packs, size_t choice)
{
    const struct packs_pin *pin = packs_pin_of(packs, packs->solution.choice[choice].normal);
    const struct source_file *file = packs->file[choice];
    return pin && pin->sha256 ? pin->sha256 : file->local ? NULL : file->sha256;
}

int packs_check(struct packs *packs, struct err *err)
{
    return fetch(packs, 1, err);
}

int packs_fill(struct packs *packs, struct err *err)
{
    size_t count = packs->solution.count;
    size_t wheels = 0;
    const struct facts *facts = &packs->python->facts;
    int status = fetch(packs, 0, err);
    packs_tell_end(packs);
    if (status < 0)
        return packs_advise_cache(packs, err);
    struct store_wheel *wheel = arena_alloc(&packs->arena, (count + 1) * sizeof *wheel);
    struct store_entry *entry = arena_alloc(&packs->arena, (count + 1) * sizeof *entry);
    packs->entry = arena_alloc(&packs->arena, (count + 1) * sizeof *packs->entry);
    for (size_t i = 0; i < count; i++)
        if (packs->file[i])
            wheel[wheels++] =
                (struct store_wheel){.path = packs->file[i]->path,
                                     .sha256 = known_hash(packs, i),
                                     .stat = looked_at(packs, packs->file[i]->path)};
    const struct store_python python = {
        .path = packs->python->path, .tag = facts->cache_tag, .vars = &packs->cli->vars};
    const struct store_order order = {
        .wheel = wheel,
        .count = wheels,
        .python = packs->cli->options.pack.no_compile ? NULL : &python,
        .threads = count_cores,
        .threads_context = packs,
        .check = packs->check || packs->cli->options.pack.reinstall,
        .progress = packs_tell_store(packs)};
    status = store_fill(packs->store, &order, &packs->arena, entry, err);
    packs_tell_end(packs);
    if (status < 0)
        return packs_advise_cache(packs, err);
    for (size_t i = 0, next = 0; i < count; i++)
        packs->entry[i] = packs->file[i] ? entry[next++] : (struct store_entry){0};
    return 0;
}

int packs_is_wanted(const struct packs *packs, const struct solve_choice *choice)
{
    const struct packs_pin *pin = packs_pin_of(packs, choice->normal);
    if (pin)
        return pin->requested;
    for (size_t i = 0; i < choice->reason_count; i++)
        if (choice->reason[i].by == SIZE_MAX)
            return 1;
    return 0;
}

// direct_url.json of a file, folder or URL that was asked for (PEP 610); NULL if it was not.
static const char *direct_url(struct packs *packs, const struct solve_choice *choice,
                              const struct source_file *file, const struct manifest *manifest)
{
    if (!choice->url)
        return NULL;
    CLEANUP_STR struct str text = {0};
    const struct packs_source *source = packs_source_of(packs, file);
    if (source)
        packs_add_source_url(&text, source);
    else
        packs_add_wheel_url(&text, choice->url, manifest->sha256);
    return arena_dup(&packs->arena, text.text);
}

// By the folder that the file lies in; of a page of links by the page's.
struct stamp_origin packs_origin(struct packs *packs, const struct source_file *file)
{
    const char *label;
    struct stamp_origin ret = {0};
    if (file->local) {
        CLEANUP_FREE char *folder = fs_folder(file->url);
        ret.where = arena_dup(&packs->arena, folder);
        ret.house = arch_label(ret.where);
    } else if (file->place < source_places(packs->source) &&
               source_place(packs->source, file->place, &ret.where, &label) == SOURCE_LINKS &&
               str_starts(file->url, ret.where)) {
        ret.house = arch_label(ret.where);
    }
    if (packs->cli->config) {
        const struct piece normal = file->wheel.normal;
        CLEANUP_FREE char *name = mem_dupn(normal.text, normal.size);
        ret.site = site_cpu(&packs->cli->config->site, name);
        if (!ret.site && ret.where)
            ret.site = site_cpu(&packs->cli->config->site, ret.where);
    }
    return ret;
}

size_t packs_adds(struct packs *packs, struct change_add **ret, const char *const **ret_remove)
{
    size_t count = packs->solution.count;
    size_t adds = 0;
    size_t removes = 0;
    struct change_add *add = arena_alloc(&packs->arena, (count + 1) * sizeof *add);
    const char **remove =
        arena_alloc(&packs->arena, (count + packs->remove.count + 1) * sizeof *remove);
    for (size_t i = 0; i < count; i++) {
        const struct solve_choice *choice = &packs->solution.choice[i];
        if (!packs->file[i])
            continue;
        add[adds++] = (struct change_add){
            .entry = packs->entry[i].folder,
            .manifest = &packs->entry[i].manifest,
            .requested = packs_is_wanted(packs, choice),
            .direct_url = direct_url(packs, choice, packs->file[i], &packs->entry[i].manifest),
            .origin = packs_origin(packs, packs->file[i])};
        const char *normal =
            arena_dupn(&packs->arena, choice->normal.text, choice->normal.size);
        if (packs->installed && dists_find(packs->installed, normal))
            remove[removes++] = normal;
    }
    for (size_t i = 0; i < packs->remove.count; i++)
        remove[removes++] = packs->remove.item[i];
    remove[removes] = NULL;
    *ret = add;
    *ret_remove = remove;
    return adds;
}

void packs_free(struct packs *packs)
{
    solve_result_free(&packs->solution);
    table_free(&packs->looked);
    source_free(packs->source);
    store_close(packs->store);
    pipconf_free(&packs->pip);
    pick_free(&packs->formats);
    strv_free(&packs->find_links);
    strv_free(&packs->extra_index);
    profile_free(&packs->profile);
    free(packs->wanted.item);
    free(packs->constraints.item);
    free(packs->overrides.item);
    free(packs->hashes);
    free(packs->given);
    free(packs->built);
    free(packs->pin);
    strv_free(&packs->remove);
    free(packs->cache);
    free(packs->local);
    free(packs->shared);
    arena_free(&packs->arena);
    *packs = (struct packs){0};
}
