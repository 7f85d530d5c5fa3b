// SPDX-License-Identifier: Apache-2.0
// known: what the provider said, kept so that it is asked once, and what the caller says of a
// project.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "solve/solver.h"

struct known_project *known_project(struct solver *solver, struct piece normal)
{
    int new;
    CLEANUP_FREE char *name = mem_dupn(normal.text, normal.size);
    struct knowledge *all = solver->knowledge;
    uint64_t *place = table_get(&all->names, name);
    if (place)
        return all->project[*place];
    struct known_project *known = arena_alloc(solver->arena, sizeof *known);
    *known = (struct known_project){
        .name = {arena_dupn(solver->arena, normal.text, normal.size), normal.size}};
    mem_room(&all->project, &all->room, all->count + 1, sizeof *all->project);
    all->project[all->count] = known;
    *table_put(&all->names, known->name.text, &new) = all->count++;
    return known;
}

static int say_all(struct solver *solver, enum said_kind kind, struct require *const *item,
                   size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int is = applies(solver, item[i], (struct piece){0}, err);
        if (is < 0)
            return -1;
        // An override that does not apply here takes its project's requirements away.
        if (!is && kind != SAID_OVERRIDE)
            continue;
        struct known_project *known = known_project(solver, item[i]->normal);
        struct said *said = arena_alloc(solver->arena, sizeof *said);
        *said = (struct said){kind, is ? item[i] : NULL, NULL};
        if (known->said)
            known->said_last->next = said;
        else
            known->said = said;
        known->said_last = said;
    }
    return 0;
}

int known_say(struct solver *solver, struct err *err)
{
    const struct solve_ask *ask = solver->ask;
    for (size_t i = 0; i < solver->knowledge->count; i++)
        solver->knowledge->project[i]->said = NULL;
    if (say_all(solver, SAID_ASK, ask->item, ask->count, err) < 0 ||
        say_all(solver, SAID_CONSTRAINT, ask->constraint, ask->constraint_count, err) < 0 ||
        say_all(solver, SAID_OVERRIDE, ask->override, ask->override_count, err) < 0)
        return -1;
    return 0;
}

int known_overridden(const struct known_project *known)
{
    for (const struct said *said = known->said; said; said = said->next)
        if (said->kind == SAID_OVERRIDE)
            return 1;
    return 0;
}

int known_ask(struct solver *solver, struct known_project *known, struct err *err)
{
    const struct solve_candidate *candidate = NULL;
    if (known->asked)
        return 0;
    if (solver->provider->versions(solver->provider->context, known->name, &candidate,
                                   &known->count, err) < 0)
        return -1;
    known->version = arena_alloc(solver->arena, known->count * sizeof *known->version + 1);
    for (size_t i = 0; i < known->count; i++)
        known->version[i] = (struct known_version){.candidate = candidate[i]};
    known->asked = 1;
    return 0;
}

struct known_version *known_find_url(const struct known_project *known, const char *url)
{
    for (size_t i = 0; i < known->url_count; i++)
        if (strcmp(known->by_url[i]->url, url) == 0)
            return known->by_url[i];
    return NULL;
}

struct known_version *known_url(struct solver *solver, struct known_project *known,
                                const char *url, struct err *err)
{
    struct known_version *version = known_find_url(known, url);
    if (version)
        return version;
    version = arena_alloc(solver->arena, sizeof *version);
    *version = (struct known_version){.url = url};
    if (!solver->provider->at_url)
        version->candidate.unusable = _("nothing is taken from a URL here");
    else if (solver->provider->at_url(solver->provider->context, known->name, url,
                                      &version->candidate, err) < 0)
        return NULL;
    mem_room(&known->by_url, &known->url_room, known->url_count + 1, sizeof *known->by_url);
    known->by_url[known->url_count++] = version;
    return version;
}

int known_needs(struct solver *solver, struct piece normal, struct known_version *version,
                struct err *err)
{
    if (version->needs)
        return 0;
    struct solve_needs *needs = arena_alloc(solver->arena, sizeof *needs);
    *needs = (struct solve_needs){0};
    if (solver->provider->needs(solver->provider->context, normal, version->candidate.index,
                                needs, err) < 0)
        return -1;
    version->needs = needs;
    return 0;
}

void knowledge_free(struct knowledge *knowledge)
{
    for (size_t i = 0; i < knowledge->count; i++)
        free(knowledge->project[i]->by_url);
    free(knowledge->project);
    table_free(&knowledge->names);
}
