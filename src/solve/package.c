// SPDX-License-Identifier: Apache-2.0
// package: a project with its versions in order, or an extra of one.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "solve/solver.h"

int package_is_extra(const struct package *package)
{
    return package->extra.size != 0;
}

const struct known_version *package_version(const struct package *package, size_t state)
{
    return package->project->version[state - 1];
}

static int is_prerelease(const struct known_version *version)
{
    return version->candidate.version.version &&
           version_is_prerelease(version->candidate.version.version);
}

struct sorted {
    struct known_version *version;
    size_t place;
};

// Of equal versions the provider's first comes last: it is the one that is tried first.
static int compare_versions(const void *one, const void *two)
{
    const struct sorted *a = one, *b = two;
    const struct version *left = a->version->candidate.version.version;
    const struct version *right = b->version->candidate.version.version;
    int order = !left || !right ? (left != NULL) - (right != NULL)
                                : version_compare(left, right, VERSION_WHOLE);
    return order ? order : (a->place < b->place) - (a->place > b->place);
}

// Where the caller gives URLs for a project, it has no other versions.
static int fill_urls(struct solver *solver, struct known_project *known, int *ret_only,
                     struct err *err)
{
    int overridden = known_overridden(known);
    *ret_only = 0;
    for (const struct said *said = known->said; said; said = said->next) {
        if (!said->require || !said->require->url || (said->kind == SAID_ASK && overridden))
            continue;
        if (!known_url(solver, known, said->require->url, err))
            return -1;
        *ret_only = 1;
    }
    return 0;
}

static int fill_versions(struct solver *solver, struct package *package, struct err *err)
{
    struct known_project *known = package->known;
    int only_urls;
    if (fill_urls(solver, known, &only_urls, err) < 0 ||
        (!only_urls && known_ask(solver, known, err) < 0))
        return -1;
    size_t from = only_urls ? 0 : known->count, count = from + known->url_count;
    CLEANUP_FREE struct sorted *sorted = mem_zero(count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct sorted){i < from ? &known->version[i] : known->by_url[i - from], i};
    qsort(sorted, count, sizeof *sorted, compare_versions);
    package->version = arena_alloc(solver->arena, (count + 1) * sizeof *package->version);
    for (size_t i = 0; i < count; i++)
        package->version[i] = sorted[i].version;
    package->states = count + 1;
    return 0;
}

static struct package *package_new(struct solver *solver, struct piece name, struct piece extra)
{
    struct package *package = arena_alloc(solver->arena, sizeof *package);
    *package = (struct package){
        .name = name, .extra = extra, .id = solver->package_count, .project = package};
    mem_room(&solver->package, &solver->package_room, solver->package_count + 1,
             sizeof *solver->package);
    solver->package[solver->package_count++] = package;
    return package;
}

static void package_begin(struct solver *solver, struct package *package)
{
    package->words = states_words(package->states);
    package->all = states_new(solver->arena, package->words);
    for (size_t i = 0; i < package->states; i++)
        states_put(package->all, i);
    package->now = package->all;
    package->expanded = arena_alloc(solver->arena, package->project->states);
    memset(package->expanded, 0, package->project->states);
}

const uint64_t *package_matched(struct solver *solver, struct package *project,
                                const struct require *require)
{
    int new;
    CLEANUP_STR struct str text = {0};
    if (require->url)
        str_print(&text, "@%s", require->url);
    else
        specifiers_add(&text, &require->specifiers);
    uint64_t *known = table_get(&project->sets, str_text(&text));
    if (known)
        return (const uint64_t *)(uintptr_t)*known;
    uint64_t *set = states_new(solver->arena, project->words);
    for (size_t state = 1; state < project->states; state++) {
        const struct known_version *version = package_version(project, state);
        int all = !require->url || (version->url && strcmp(version->url, require->url) == 0);
        for (size_t i = 0; all && i < require->specifiers.count; i++)
            all =
                specifier_match(&require->specifiers.item[i], &version->candidate.version) != 0;
        if (all)
            states_put(set, state);
    }
    *table_put(&project->sets, arena_dupn(solver->arena, str_text(&text), text.size), &new) =
        (uintptr_t)set;
    return set;
}

static int in_names(const char *const *names, struct piece name)
{
    for (; names && *names; names++)
        if (piece_is(name, *names))
            return 1;
    return 0;
}

// PEP 592: by == (not of a prefix) or ===.
static int pins(const struct require *require, const struct candidate *candidate)
{
    for (size_t i = 0; i < require->specifiers.count; i++) {
        const struct specifier *item = &require->specifiers.item[i];
        if (((item->op == SPEC_EQUAL && !item->prefix) || item->op == SPEC_SAME) &&
            specifier_match(item, candidate))
            return 1;
    }
    return 0;
}

static int said_pins(const struct package *package, const struct known_version *version)
{
    for (const struct said *said = package->known->said; said; said = said->next)
        if (said->require && pins(said->require, &version->candidate.version))
            return 1;
    return 0;
}

// Why a version cannot be taken, from what is known without its metadata; NULL: it can.
static const char *unusable(struct solver *solver, const struct package *package,
                            const struct known_version *version)
{
    const struct solve_candidate *candidate = &version->candidate;
    if (candidate->unusable)
        return candidate->unusable;
    if (package->prereleases == PRERELEASES_NO && is_prerelease(version) && !version->url)
        return _("a pre-release, and only final releases are taken");
    if (!candidate->yanked || candidate->installed || said_pins(package, version))
        return NULL;
    if (!*candidate->yanked)
        return _("withdrawn");
    CLEANUP_STR struct str text = {0};
    str_print(&text, _("withdrawn: %s"), candidate->yanked);
    return arena_dupn(solver->arena, text.text, text.size);
}

// One incompatibility for all versions of a reason.
static void exclude_unusable(struct solver *solver, struct package *package)
{
    CLEANUP_TABLE struct table reasons = {0};
    CLEANUP_FREE const char **why = mem_zero(package->states, sizeof *why);
    for (size_t state = 1; state < package->states; state++) {
        why[state] = unusable(solver, package, package_version(package, state));
        int new;
        if (!why[state])
            continue;
        uint64_t *place = table_put(&reasons, why[state], &new);
        if (new)
            *place = (uintptr_t)states_new(solver->arena, package->words);
        states_put((uint64_t *)(uintptr_t)*place, state);
    }
    for (size_t state = 1; state < package->states; state++) {
        if (!why[state])
            continue;
        uint64_t *set = (uint64_t *)(uintptr_t)*table_get(&reasons, why[state]);
        if (states_next(set, package->words, 0) != state)
            continue; // it has been made for the first of them
        struct incompat *incompat = incompat_new(solver, CAUSE_UNUSABLE, 1);
        incompat->about = package;
        incompat->why = why[state];
        incompat_add(solver, incompat, package, set);
        incompat_attach(solver, incompat);
    }
}

static void hear(struct solver *solver, struct package *package)
{
    const struct solve_ask *ask = solver->ask;
    package->prereleases = ask->prereleases;
    if (in_names(ask->all_prereleases, package->name))
        package->prereleases = PRERELEASES_YES;
    if (in_names(ask->only_final, package->name))
        package->prereleases = PRERELEASES_NO;
    int overridden = known_overridden(package->known);
    for (const struct said *said = package->known->said; said; said = said->next) {
        if (!said->require || (said->kind == SAID_ASK && overridden))
            continue;
        package->direct |= said->kind != SAID_CONSTRAINT;
        package->names_pre |=
            specifiers_prereleases(&said->require->specifiers) == PRERELEASES_YES;
    }
}

static void exclude_constrained(struct solver *solver, struct package *package)
{
    for (const struct said *said = package->known->said; said; said = said->next) {
        if (said->kind != SAID_CONSTRAINT)
            continue;
        struct incompat *incompat = incompat_new(solver, CAUSE_CONSTRAINT, 1);
        uint64_t *set = states_copy(solver->arena, package->all, package->words);
        incompat->matched = package_matched(solver, package, said->require);
        incompat->about = package;
        incompat->require = said->require;
        states_without(set, incompat->matched, package->words);
        set[0] &= ~(uint64_t)1;
        incompat_add(solver, incompat, package, set);
        incompat_attach(solver, incompat);
    }
}

struct package *solver_project(struct solver *solver, struct piece normal, struct err *err)
{
    int new;
    CLEANUP_FREE char *name = mem_dupn(normal.text, normal.size);
    uint64_t *place = table_get(&solver->by_name, name);
    if (place)
        return solver->package[*place];
    struct known_project *known = known_project(solver, normal);
    struct package *package = package_new(solver, known->name, (struct piece){0});
    *table_put(&solver->by_name, known->name.text, &new) = package->id;
    package->known = known;
    if (fill_versions(solver, package, err) < 0)
        return NULL;
    package_begin(solver, package);
    for (size_t state = 1; state < package->states; state++)
        if (package_version(package, state)->candidate.installed)
            package->installed = state;
    hear(solver, package);
    exclude_unusable(solver, package);
    exclude_constrained(solver, package);
    return package;
}

struct package *solver_extra(struct solver *solver, struct package *project,
                             struct piece normal)
{
    struct package **end = &project->extras;
    for (; *end; end = &(*end)->next_extra)
        if (piece_compare((*end)->extra, normal) == 0)
            return *end;
    struct package *package = package_new(solver, project->name, normal);
    *end = package;
    package->project = project;
    package->known = project->known;
    package->states = EXTRA_ASKED + 1;
    package_begin(solver, package);
    return package;
}

int package_takes_prereleases(const struct package *project)
{
    if (project->names_pre || project->prereleases == PRERELEASES_YES)
        return 1;
    for (size_t i = 0; i < project->pre_needs.count; i++) {
        const struct incompat *need = project->pre_needs.item[i];
        if (need->by->project->decided == need->by_state && need->by->decided)
            return 1;
    }
    return 0;
}
