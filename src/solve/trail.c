// SPDX-License-Identifier: Apache-2.0
// trail: what is assigned, in order (PubGrub's partial solution).
#include <string.h>

#include "solve/solver.h"

int package_required(const struct package *package)
{
    return !states_has(package->now, 0);
}

// Sets are as large as a project has versions, and come and go: each package keeps its own.
static uint64_t *take_set(struct solver *solver, struct package *package)
{
    uint64_t *set = package->spare;
    if (!set)
        return arena_alloc(solver->arena, package->words * sizeof *set + sizeof set);
    memcpy(&package->spare, set, sizeof package->spare);
    return set;
}

static void give_set(struct package *package, uint64_t *set)
{
    memcpy(set, &package->spare, sizeof package->spare);
    package->spare = set;
}

static void push(struct solver *solver, struct package *package, struct incompat *cause,
                 uint64_t *after)
{
    mem_room(&solver->trail, &solver->trail_room, solver->trail_count + 1,
             sizeof *solver->trail);
    mem_room(&package->at, &package->at_room, package->at_count + 1, sizeof *package->at);
    package->at[package->at_count++] = solver->trail_count;
    package->now = after;
    solver->trail[solver->trail_count++] =
        (struct assignment){package, solver->level, cause, after};
}

// An extra can be looked into only when its project's version is known.
static void update_queue(struct solver *solver, struct package *package)
{
    queue_update(solver, package);
    for (struct package *extra = package->extras; extra; extra = extra->next_extra)
        queue_update(solver, extra);
}

void trail_derive(struct solver *solver, struct incompat *cause, const struct term *term)
{
    struct package *package = term->package;
    uint64_t *after = take_set(solver, package);
    memcpy(after, package->now, package->words * sizeof *after);
    states_without(after, term->set, package->words);
    push(solver, package, cause, after);
    queue_update(solver, package);
}

void trail_decide(struct solver *solver, struct package *package, size_t state)
{
    uint64_t *after = take_set(solver, package);
    memset(after, 0, package->words * sizeof *after);
    states_put(after, state);
    solver->level++;
    push(solver, package, NULL, after);
    package->decided = state;
    update_queue(solver, package);
}

void trail_back(struct solver *solver, size_t level)
{
    while (solver->trail_count && solver->trail[solver->trail_count - 1].level > level) {
        struct assignment *last = &solver->trail[--solver->trail_count];
        struct package *package = last->package;
        give_set(package, last->after);
        package->at_count--;
        package->now = package->at_count
                           ? solver->trail[package->at[package->at_count - 1]].after
                           : package->all;
        if (!last->cause)
            package->decided = 0;
        update_queue(solver, package);
    }
    solver->level = level;
    struct incompats *known = &solver->contradicted;
    while (known->count && known->item[known->count - 1]->contradicted > level + 1)
        known->item[--known->count]->contradicted = 0;
}
