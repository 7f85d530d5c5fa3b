// SPDX-License-Identifier: Apache-2.0
// expand: what is asked and what versions require becomes incompatibilities.
#include "base/lang.h"
#include "solve/solver.h"
#include "wheel/name.h"

int applies(const struct solver *solver, const struct require *require, struct piece extra,
            struct err *err)
{
    if (!require->marker)
        return 1;
    struct marker_env env = *solver->ask->markers;
    env.value[MARKER_EXTRA] = extra.size ? extra.text : "";
    int is = marker_evaluate(require->marker, &env, err);
    return is < 0 ? err_wrap(err, "%.*s", (int)require->name.size, require->name.text) : is;
}

// Who requires what; in `by`'s place NULL: the caller.
struct need {
    struct package *by;
    size_t state;
    const struct require *require, *written; // they differ where an override replaces it
};

static struct incompat *need_begin(struct solver *solver, const struct need *need,
                                   struct package *about)
{
    struct incompat *incompat =
        incompat_new(solver, need->by ? CAUSE_NEEDED : CAUSE_ASKED, need->by ? 3 : 1);
    incompat->override = need->require != need->written;
    incompat->require = need->require;
    incompat->by = need->by;
    incompat->by_state = need->state;
    incompat->about = about;
    if (!need->by)
        return incompat;
    struct package *project = need->by->project;
    uint64_t *set = states_new(solver->arena, project->words);
    states_put(set, need->state);
    incompat_add(solver, incompat, project, set);
    if (need->by != project) {
        set = states_new(solver->arena, need->by->words);
        states_put(set, EXTRA_ASKED);
        incompat_add(solver, incompat, need->by, set);
    }
    return incompat;
}

// One that holds by itself (a version that requires what it is) says nothing.
static void need_end(struct solver *solver, struct incompat *incompat)
{
    for (size_t i = 0; i < incompat->count; i++)
        if (states_empty(incompat->term[i].set, incompat->term[i].package->words))
            return;
    incompat_attach(solver, incompat);
    if (incompat->cause == CAUSE_NEEDED) {
        incompats_add(&incompat->by->project->needs, incompat);
        incompats_add(&solver->fresh, incompat);
        return;
    }
    incompat->by_state = solver->asked.count;
    incompats_add(&solver->asked, incompat);
    if (!incompat->count && !solver->failure)
        solver->failure = incompat;
    for (size_t i = 0; i < incompat->count; i++)
        solver_changed(solver, incompat->term[i].package);
}

static void need_extras(struct solver *solver, const struct need *need, struct package *project,
                        const struct require *require)
{
    for (size_t i = 0; i < require->extra_count; i++) {
        struct piece normal = name_normal(solver->arena, require->extra[i]);
        struct package *extra = solver_extra(solver, project, normal);
        struct incompat *incompat = need_begin(solver, need, project);
        uint64_t *set = states_new(solver->arena, extra->words);
        states_put(set, 0);
        incompat_add(solver, incompat, extra, set);
        need_end(solver, incompat);
    }
}

static int need_one(struct solver *solver, const struct need *need, struct err *err)
{
    struct package *project = solver_project(solver, need->require->normal, err);
    const char *url = need->require->url;
    if (!project)
        return -1;
    if (url && !known_find_url(project->known, url)) {
        solver->again = 1;
        return known_url(solver, project->known, url, err) ? 0 : -1;
    }
    if (url && need->by)
        support_note(solver, need->by, need->state, project, url);
    struct incompat *incompat = need_begin(solver, need, project);
    uint64_t *set = states_copy(solver->arena, project->all, project->words);
    incompat->matched = package_matched(solver, project, need->require);
    states_without(set, incompat->matched, project->words);
    incompat_add(solver, incompat, project, set);
    if (need->by && specifiers_prereleases(&need->require->specifiers) == PRERELEASES_YES)
        incompats_add(&project->pre_needs, incompat);
    need_end(solver, incompat);
    need_extras(solver, need, project, need->require);
    if (need->written != need->require)
        need_extras(solver, need, project, need->written);
    return 0;
}

static int need_all(struct solver *solver, struct package *by, size_t state,
                    const struct require *require, struct err *err)
{
    struct need need = {by, state, require, require};
    const struct known_project *known = known_project(solver, require->normal);
    if (!known_overridden(known))
        return need_one(solver, &need, err);
    for (const struct said *said = known->said; said; said = said->next) {
        need.require = said->require;
        if (said->kind == SAID_OVERRIDE && said->require && need_one(solver, &need, err) < 0)
            return -1;
    }
    return 0;
}

int expand_ask(struct solver *solver, struct err *err)
{
    const struct solve_ask *ask = solver->ask;
    if (known_say(solver, err) < 0)
        return -1;
    for (size_t i = 0; i < ask->count && !solver->again; i++) {
        int is = applies(solver, ask->item[i], (struct piece){0}, err);
        if (is < 0 || (is && need_all(solver, NULL, 0, ask->item[i], err) < 0))
            return -1;
    }
    return 0;
}

static void refuse(struct solver *solver, struct package *package, size_t state,
                   const char *why)
{
    struct incompat *incompat = incompat_new(solver, CAUSE_UNUSABLE, 1);
    uint64_t *set = states_new(solver->arena, package->words);
    states_put(set, state);
    incompat->about = package;
    incompat->why = why;
    incompat_add(solver, incompat, package, set);
    incompat_attach(solver, incompat);
    incompats_add(&solver->fresh, incompat);
}

int expand_version(struct solver *solver, struct package *package, size_t state,
                   struct err *err)
{
    struct known_version *version = package->project->version[state - 1];
    solver->fresh.count = 0;
    if (package->expanded[state] & 1)
        return 0;
    if (known_needs(solver, package->name, version, err) < 0)
        return -1;
    if (version->needs->unusable)
        refuse(solver, package->project, state, version->needs->unusable);
    for (size_t i = 0; i < version->needs->count && !version->needs->unusable; i++) {
        const struct require *require = version->needs->item[i];
        int is = applies(solver, require, package->extra, err);
        // What the version requires without the extra, it requires anyhow.
        int anyhow = is > 0 && package_is_extra(package) && require->marker
                         ? applies(solver, require, (struct piece){0}, err)
                         : is > 0 && package_is_extra(package);
        if (is < 0 || anyhow < 0)
            return -1;
        if (is && !anyhow && need_all(solver, package, state, require, err) < 0)
            return -1;
    }
    package->expanded[state] |= 1;
    return 0;
}
