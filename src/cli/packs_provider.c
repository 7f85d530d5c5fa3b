// SPDX-License-Identifier: Apache-2.0
// packs_provider: what the resolver is told: the versions of a source, and what is installed.
#include <string.h>

#include "base/lang.h"
#include "cli/packs_advice.h"
#include "cli/packs_build.h"
#include "cli/packs_hashes.h"
#include "env/origin.h"
#include "source/url.h"

// Numbers of candidates that are no version of the source's.
#define INDEX_INSTALLED (SIZE_MAX - 1)
#define INDEX_URL       (SIZE_MAX / 2) // and from there on
#define INDEX_ARCHIVE   (SIZE_MAX / 4) // the same: its place among the project's files

static const char *text_of(struct packs *packs, struct piece piece)
{
    return arena_dupn(&packs->arena, piece.text, piece.size);
}

static int is_kept(const struct packs *packs, const char *normal)
{
    const struct pack_options *options = &packs->cli->options.pack;
    if (options->reinstall || !packs->installed)
        return 0;
    if (!packs->upgrade)
        return 1;
    for (size_t i = 0; i < packs->wanted.count;
         i++) // what it requires is kept where it fits, as pip does
        if (piece_is(packs->wanted.item[i]->normal, normal))
            return 0;
    return 1;
}

// The installed version, if it is to be kept where it fits.
static int add_installed(struct packs *packs, const char *normal, struct solve_candidate *ret)
{
    const struct dist *dist =
        is_kept(packs, normal) ? dists_find(packs->installed, normal) : NULL;
    const struct version *version =
        dist ? version_parse(&packs->arena, piece_of(dist->version), NULL) : NULL;
    if (!version)
        return 0;
    *ret = (struct solve_candidate){
        .version = {piece_of(dist->version), version},
        .index = INDEX_INSTALLED,
        .installed = 1,
    };
    return 1;
}

// Source archives: of what is asked for, versions that no wheel gives; of what is only required, where
// it has no wheel at all. To build what is merely tried on the way would take hours.
static size_t add_archives(struct packs *packs, const char *normal,
                           const struct source_project *project, struct solve_candidate *list)
{
    const struct version *last = NULL;
    size_t count = 0;
    size_t wheels = 0;
    if (project->count && !packs_asked_of(packs, piece_of(normal)))
        return 0;
    for (size_t i = 0; i < project->file_count; i++) {
        const struct source_file *file = project->file[i];
        while (wheels < project->count &&
               version_compare(project->item[wheels].version, file->version, VERSION_WHOLE) > 0)
            wheels++;
        int has_wheel =
            wheels < project->count &&
            version_compare(project->item[wheels].version, file->version, VERSION_WHOLE) == 0;
        if (file->refused != SOURCE_ARCHIVE || has_wheel ||
            (last && version_compare(last, file->version, VERSION_WHOLE) == 0))
            continue;
        last = file->version;
        list[count++] =
            (struct solve_candidate){.version = {piece_of(file->version_text), file->version},
                                     .index = INDEX_ARCHIVE + i,
                                     .yanked = file->yanked,
                                     .is_source = 1};
    }
    return count;
}

static size_t keep_given(struct packs *packs, struct source_file *file)
{
    mem_room(&packs->given, &packs->given_room, packs->given_count + 1, sizeof *packs->given);
    packs->given[packs->given_count] = file;
    return INDEX_URL + packs->given_count++;
}

// Whether what is installed is the locked wheel: by its hash where the store knows it, else by its
// version.
static int is_installed(struct packs *packs, const struct packs_pin *pin, const char *normal)
{
    const struct dist *dist = packs->installed && !packs->cli->options.pack.reinstall
                                  ? dists_find(packs->installed, normal)
                                  : NULL;
    const struct version *version =
        dist ? version_parse(&packs->arena, piece_of(dist->version), NULL) : NULL;
    if (!version || version_compare(version, pin->file->version, VERSION_WHOLE) != 0)
        return 0;
    const struct manifest *manifest = origin_manifest(&packs->arena, dist);
    const char *sha256 = pin->sha256 ? pin->sha256 : pin->file->sha256;
    return !manifest || !sha256 || strcmp(manifest->sha256, sha256) == 0;
}

// What a lock has is the only version.
static int give_pin(struct packs *packs, struct packs_pin *pin,
                    const struct solve_candidate **ret, size_t *ret_count, struct err *err)
{
    struct solve_candidate *made = arena_alloc(&packs->arena, sizeof *made);
    if (packs_pin_find(packs, pin, err) < 0)
        return -1;
    *made = (struct solve_candidate){
        .version = {piece_of(pin->file->version_text), pin->file->version}};
    made->installed = is_installed(packs, pin, text_of(packs, pin->normal));
    made->index = made->installed ? INDEX_INSTALLED : keep_given(packs, pin->file);
    *ret = made;
    *ret_count = 1;
    return 0;
}

// Of a lock that is renewed: its version is taken where it satisfies.
static int is_preferred(const struct packs *packs, const char *normal,
                        const struct source_version *version)
{
    const struct pack_options *options = &packs->cli->options.pack;
    const struct strv none = {0};
    struct marker_env env = packs->profile.markers;
    env.extras = env.dependency_groups = &none;
    if (!packs->prefer || packs->upgrade ||
        options_pack_names(&options->upgrade_packages, normal))
        return 0;
    for (size_t i = 0; i < packs->prefer->package_count; i++) {
        const struct lock_package *package = &packs->prefer->package[i];
        if (strcmp(package->name, normal) == 0 && package->version &&
            version_compare(package->version, version->version, VERSION_WHOLE) == 0 &&
            (!package->marker || marker_evaluate(package->marker, &env, NULL) == 1))
            return 1;
    }
    return 0;
}

static int give_versions(void *context, struct piece name, const struct solve_candidate **ret,
                         size_t *ret_count, struct err *err)
{
    struct packs *packs = context;
    const char *normal = text_of(packs, name);
    struct packs_pin *pin = packs_pin_of(packs, name);
    if (pin)
        return give_pin(packs, pin, ret, ret_count, err);
    const struct source_project *project = source_project(packs->source, normal, err);
    if (!project)
        return -1;
    struct solve_candidate *list =
        arena_alloc(&packs->arena, (project->count + project->file_count + 1) * sizeof *list);
    const struct packs_hashes *narrow = packs_hashes_narrow(packs, normal, project);
    size_t count = (size_t)add_installed(packs, normal, list);
    for (size_t i = 0; i < project->count; i++) {
        const struct source_version *item = &project->item[i];
        struct source_file *file = packs_hashes_pick(narrow, item);
        if (!file || (packs->cli->options.pack.public && item->version->local_count))
            continue;
        list[count++] =
            (struct solve_candidate){.version = {piece_of(item->text), item->version},
                                     .index = file == item->file ? i : keep_given(packs, file),
                                     .yanked = file->yanked,
                                     .installed = is_preferred(packs, normal, item)};
    }
    count += add_archives(packs, normal, project, list + count);
    *ret = list;
    *ret_count = count;
    return 0;
}

static int give_at_url(void *context, struct piece name, const char *url,
                       struct solve_candidate *ret, struct err *err)
{
    struct packs *packs = context;
    const char *normal = text_of(packs, name);
    struct source_file *file = packs_is_source(url)
                                   ? packs_build_url(packs, normal, url, err)
                                   : source_at_url(packs->source, normal, url, err);
    if (!file)
        return -1;
    *ret = (struct solve_candidate){.version = {piece_of(file->version_text), file->version},
                                    .index = keep_given(packs, file)};
    return 0;
}

// NULL without err: there is none.
static struct source_file *file_of(struct packs *packs, struct piece name, size_t index,
                                   struct err *err)
{
    const char *normal = text_of(packs, name);
    if (index >= INDEX_URL)
        return packs->given[index - INDEX_URL];
    const struct source_project *project = source_project(packs->source, normal, err);
    if (project && index >= INDEX_ARCHIVE)
        return packs_build_archive(packs, project->file[index - INDEX_ARCHIVE], err);
    return project && index < project->count ? project->item[index].file : NULL;
}

int packs_file(struct packs *packs, const struct solve_choice *choice, struct source_file **ret,
               struct err *err)
{
    size_t index = choice->candidate->index;
    *ret = index == INDEX_INSTALLED ? NULL : file_of(packs, choice->normal, index, err);
    return *ret || index == INDEX_INSTALLED ? 0 : -1;
}

const struct source_version *packs_version(struct packs *packs,
                                           const struct solve_choice *choice)
{
    size_t index = choice->candidate->index;
    if (index >= INDEX_URL)
        return NULL;
    const struct source_project *project =
        source_project(packs->source, text_of(packs, choice->normal), NULL);
    return project && index < project->count ? &project->item[index] : NULL;
}

// The pages of what a version requires, and the metadata of what will probably be taken of them, are
// asked for at once: each by itself would wait for the network in turn.
static int is_needed(const struct packs *packs, const struct require *require)
{
    return !require->url && !packs_pin_of(packs, require->normal) &&
           (!require->marker ||
            marker_evaluate(require->marker, &packs->profile.markers, NULL) == 1);
}

// The file that will probably be taken: of the newest version that satisfies.
static struct source_file *likely_file(struct packs *packs, const struct require *require)
{
    const struct source_project *project =
        source_project(packs->source, text_of(packs, require->normal), NULL);
    for (size_t v = 0; project && v < project->count; v++) {
        const struct candidate candidate = {piece_of(project->item[v].text),
                                            project->item[v].version};
        if (specifiers_contain(&require->specifiers, &candidate, PRERELEASES_AUTO))
            return project->item[v].file;
    }
    return NULL;
}

static void look_ahead(struct packs *packs, struct require *const *requires, size_t all)
{
    size_t count = 0;
    size_t found = 0;
    const char **names = arena_alloc(&packs->arena, (all + 1) * sizeof *names);
    struct source_file **files = arena_alloc(&packs->arena, (all + 1) * sizeof *files);
    for (size_t i = 0; i < all; i++)
        if (is_needed(packs, requires[i]))
            names[count++] = text_of(packs, requires[i] -> normal);
    source_prefetch(packs->source, names, count);
    for (size_t i = 0; i < all; i++) {
        struct source_file *file =
            is_needed(packs, requires[i]) ? likely_file(packs, requires[i]) : NULL;
        if (file)
            files[found++] = file;
    }
    source_prefetch_metadata(packs->source, files, found);
}

static int give_installed_needs(struct packs *packs, const char *normal,
                                struct solve_needs *ret)
{
    struct metadata metadata;
    struct err why = {0};
    *ret = (struct solve_needs){0};
    if (dist_metadata(dists_find(packs->installed, normal), &packs->arena, &metadata, &why) < 0)
        ret->unusable = arena_dup(&packs->arena, why.text);
    else
        *ret = (struct solve_needs){.item = metadata.requires_dist,
                                    .count = metadata.requires_count,
                                    .extra = metadata.extra,
                                    .extra_count = metadata.extra_count};
    return 0;
}

static int python_fits(const struct packs *packs, const struct metadata *metadata)
{
    struct arena arena = {0};
    const char *version = packs->python->facts.version;
    const struct candidate python = {piece_of(version),
                                     version_parse(&arena, piece_of(version), NULL)};
    int fits = specifiers_contain(&metadata->requires_python, &python, PRERELEASES_YES);
    arena_free(&arena);
    return fits;
}

static int give_needs(void *context, struct piece name, size_t index, struct solve_needs *ret,
                      struct err *err)
{
    struct packs *packs = context;
    if (packs_pin_of(packs, name)) { // a lock is whole
        *ret = (struct solve_needs){0};
        return 0;
    }
    if (index == INDEX_INSTALLED)
        return give_installed_needs(packs, text_of(packs, name), ret);
    struct source_file *file = file_of(packs, name, index, err);
    struct err why = {0};
    if (!file)
        return -1;
    const struct metadata *metadata = source_metadata(packs->source, file, &why);
    *ret = (struct solve_needs){0};
    // What is not what its index names is nobody's choice: an older version would hide that.
    int is_forged = !file->local && !file->path;
    if (!metadata && (why.code != ERR_BAD_WHEEL || is_forged)) {
        *(err ? err : &why) = why;
        return -1;
    }
    if (!metadata) {
        ret->unusable = arena_dup(&packs->arena, why.text);
        return 0;
    }
    if (!python_fits(packs, metadata)) {
        CLEANUP_STR struct str words = {0};
        str_add(&words, _("needs Python "));
        specifiers_add(&words, &metadata->requires_python);
        ret->unusable = arena_dup(&packs->arena, words.text);
        return 0;
    }
    *ret = (struct solve_needs){.item = metadata->requires_dist,
                                .count = metadata->requires_count,
                                .extra = metadata->extra,
                                .extra_count = metadata->extra_count};
    look_ahead(packs, metadata->requires_dist, metadata->requires_count);
    return 0;
}

static void describe(void *context, struct piece name, struct str *into)
{
    struct packs *packs = context;
    const struct source_project *project =
        packs_pin_of(packs, name) ? NULL
                                  : source_project(packs->source, text_of(packs, name), NULL);
    if (project)
        source_describe(packs->source, project, packs_asked_of(packs, name), into);
}

void packs_look_ahead(struct packs *packs)
{
    look_ahead(packs, packs->wanted.item, packs->wanted.count);
}

void packs_provider(struct packs *packs, struct solve_provider *ret)
{
    *ret = (struct solve_provider){.context = packs,
                                   .versions = give_versions,
                                   .at_url = give_at_url,
                                   .needs = give_needs,
                                   .describe = describe};
}
