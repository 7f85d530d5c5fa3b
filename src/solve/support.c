// SPDX-License-Identifier: Apache-2.0
// support: what a URL gives is taken only if something that is chosen requires that URL.
//
// As an incompatibility: that version, and none of those that require it. More of these may be
// found later; they are kept in what is known, and the search begins again with all of them.
#include <string.h>

#include "base/lang.h"
#include "solve/solver.h"

enum { CLOSED = 2 }; // in package->expanded, beside 1

static int same_asker(const struct url_asker *one, const struct url_asker *two)
{
    return one->version == two->version && piece_compare(one->extra, two->extra) == 0;
}

void support_note(struct solver *solver, struct package *by, size_t by_state,
                  struct package *project, const char *url)
{
    struct known_version *version = known_find_url(project->known, url);
    struct url_asker *asker = arena_alloc(solver->arena, sizeof *asker);
    *asker = (struct url_asker){.name = by->name,
                                .extra = by->extra,
                                .version = by->project->version[by_state - 1],
                                .next = version->asker};
    for (const struct url_asker *old = version->asker; old; old = old->next)
        if (same_asker(old, asker))
            return;
    version->asker = asker;
    for (size_t state = 1; state < project->states; state++)
        if (package_version(project, state) == version && project->expanded[state] & CLOSED)
            solver->again = 1;
}

// The caller's own URLs leave no other versions.
static int is_said(const struct package *package, const char *url)
{
    for (const struct said *said = package->known->said; said; said = said->next)
        if (said->require && said->require->url && strcmp(said->require->url, url) == 0)
            return 1;
    return 0;
}

static int add_asker(struct solver *solver, struct incompat *incompat,
                     const struct url_asker *asker, struct err *err)
{
    struct package *project = solver_project(solver, asker->name, err);
    if (!project)
        return -1;
    size_t state = 1;
    while (state < project->states && package_version(project, state) != asker->version)
        state++;
    if (state == project->states)
        return 0; // it is none of the versions that may be chosen
    uint64_t *set = states_copy(solver->arena, project->all, project->words);
    if (asker->extra.size && project->decided == state) {
        struct package *extra = solver_extra(solver, project, asker->extra);
        uint64_t *absent = states_new(solver->arena, extra->words);
        states_put(absent, 0);
        incompat_add(solver, incompat, extra, absent);
        return 0;
    }
    uint64_t *this = states_new(solver->arena, project->words);
    states_put(this, state);
    states_without(set, this, project->words);
    incompat_add(solver, incompat, project, set);
    return 0;
}

int support_close(struct solver *solver, struct package *package, size_t state, struct err *err)
{
    const struct known_version *version = package_version(package, state);
    if (!version->url || package->expanded[state] & CLOSED || is_said(package, version->url))
        return 0;
    size_t count = 1;
    for (const struct url_asker *asker = version->asker; asker; asker = asker->next)
        count++;
    struct incompat *incompat = incompat_new(solver, CAUSE_UNUSABLE, count);
    uint64_t *set = states_new(solver->arena, package->words);
    states_put(set, state);
    incompat->about = package;
    incompat->why = _("is taken only for what requires this URL");
    incompat_add(solver, incompat, package, set);
    for (const struct url_asker *asker = version->asker; asker; asker = asker->next)
        if (add_asker(solver, incompat, asker, err) < 0)
            return -1;
    package->expanded[state] |= CLOSED;
    incompat_attach(solver, incompat);
    incompats_add(&solver->fresh, incompat);
    return 0;
}
